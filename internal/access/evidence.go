package access

import "time"

// EvidenceSchema is the version of the evidence's JSON.
const EvidenceSchema = "1"

// Evidence is what a run leaves for an auditor: what was approved, what was done, what Okta said, and what could not be
// shown. It holds ids and digests, never a secret.
type Evidence struct {
	SchemaVersion string `json:"schema_version"`
	Tool          string `json:"tool"` // name and version, and in the Action its REPOSITORY@REF
	OrgURL        string `json:"org_url"`

	Lease       Terms        `json:"lease"`
	State       State        `json:"state"` // the last one: closed, undone or stuck
	Transitions []Transition `json:"transitions"`

	Window Window         `json:"window"`
	Token  *TokenEvidence `json:"token,omitempty"`
	// EffectiveRights says how the token's rights were tested, or why they were not.
	EffectiveRights string `json:"effective_rights"`

	Reads []RoleReading `json:"reads"` // what the account held, each time it was read
	// ReadFailure says why it could not be read since the last of Reads; empty where the last try succeeded.
	ReadFailure string `json:"read_failure,omitempty"`

	Writes   []Exchange  `json:"writes"`        // every request that could change the org, each try of it
	Activity []Activity  `json:"activity"`      // what the account did in the window, by the System Log
	Log      *LogReading `json:"log,omitempty"` // how that was read; nil where it was not

	Residue  []string `json:"residue"`  // roles that the lease did not give and that are still there
	Findings []string `json:"findings"` // what an auditor should look at
	Failure  string   `json:"failure,omitempty"`
}

// Transition is a state that was reached.
type Transition struct {
	State State     `json:"state"`
	At    time.Time `json:"at"`
	Note  string    `json:"note,omitempty"`
}

// Window measures the elevation. A zero time means that it was not reached.
type Window struct {
	GrantSent      time.Time `json:"grant_sent,omitzero"`
	GrantAnswered  time.Time `json:"grant_answered,omitzero"`
	TokenSeen      time.Time `json:"token_seen,omitzero"`
	RevokeAnswered time.Time `json:"revoke_answered,omitzero"`
	Proved         time.Time `json:"proved,omitzero"`
	// ElevatedSeconds is the longest time for which the account can have been elevated: from before the grant was
	// sent to after the revoke was answered.
	ElevatedSeconds float64 `json:"elevated_seconds"`
	// TokenPowerfulSeconds is the longest time for which the token can have had the temporary role: from the last look
	// that did not show it to after the revoke was answered, by this program's clock.
	TokenPowerfulSeconds float64 `json:"token_powerful_seconds"`
}

// TokenEvidence is what is known of the token.
type TokenEvidence struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	Zones   []string  `json:"zones"` // that it is pinned to, read back; empty means anywhere
	Revoked bool      `json:"revoked"`
}

// RoleReading is one reading of the roles of the account.
type RoleReading struct {
	BeganAt time.Time `json:"began_at"`
	Roles   []string  `json:"roles"`
}

// Exchange is a request that was sent to Okta and what came back. Status 0 means that no answer came.
type Exchange struct {
	At        time.Time `json:"at"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Status    int       `json:"status"`
	RequestID string    `json:"request_id"`
	Error     string    `json:"error,omitempty"`
}

// LogReading says which part of the System Log was read for Activity.
type LogReading struct {
	From time.Time `json:"from"`
	// Until is when it was last read. What it came to show after that was not awaited. Zero where no reading succeeded.
	Until   time.Time `json:"until,omitzero"`
	Failure string    `json:"failure,omitempty"` // why it may not show all
}

// Activity is an event of the System Log whose actor is the account.
type Activity struct {
	At       time.Time `json:"at"`
	Type     string    `json:"type"`
	Target   string    `json:"target"`
	Expected bool      `json:"expected"`
	Wrote    bool      `json:"wrote"` // it changed something, and was not expected
}

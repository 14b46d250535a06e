package access

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// State is where a lease stands in the workflow.
type State string

// The states that a lease records, in the order of a run that goes well, then those of an undo.
const (
	StateLeased      State = "leased"       // durable; nothing was granted yet
	StateReady       State = "ready"        // written immediately before the first change is sent
	StateElevated    State = "elevated"     // the grant was answered
	StateCreated     State = "created"      // the expected token was seen
	StateSteppedDown State = "stepped-down" // Okta answered that the temporary role is gone; not yet proved
	StateProved      State = "proved"       // settled reads show it gone by every path, and the intended role there
	StateDelivered   State = "delivered"    // the token is where it is to be used, as far as the program can know
	StateClosed      State = "closed"       // done, with evidence

	StateUndoing State = "undoing" // what the lease gave is being taken back
	StateUndone  State = "undone"  // what the lease gave, or names, is gone, proved by settled reads; or nothing was done
	StateStuck   State = "stuck"   // it could not be proved; the next sweep goes on
)

// next lists the states that may follow each state. Every open state may also be followed by StateUndoing.
var next = map[State][]State{
	"":               {StateLeased},
	StateLeased:      {StateReady},
	StateReady:       {StateElevated},
	StateElevated:    {StateCreated},
	StateCreated:     {StateSteppedDown},
	StateSteppedDown: {StateProved},
	StateProved:      {StateDelivered},
	StateDelivered:   {StateClosed},
	StateUndoing:     {StateUndone, StateStuck},
	StateStuck:       {},
	StateUndone:      {},
	StateClosed:      {},
}

// Open tells whether something may still have to be undone.
func (s State) Open() bool { return s != StateClosed && s != StateUndone }

// MayFollow tells whether a lease in state prev may go to s.
func (s State) MayFollow(prev State) bool {
	successors, known := next[prev]
	if !known {
		return false
	}
	return slices.Contains(successors, s) || (s == StateUndoing && prev != "" && prev.Open())
}

// The kinds of lease.
const (
	LeaseElevation = "elevation" // gives a temporary role and takes it back
	LeaseDowngrade = "downgrade" // takes roles that it names from an account that should not have them
	LeaseEnd       = "end"       // takes back the role and the token of a request that is withdrawn or of a manifest that is gone
)

// Account identifies an account of the org.
type Account struct {
	ID    string `json:"id"`
	Login string `json:"login"`
}

// Terms are what a lease says when it is opened. The undo needs them and nothing else.
type Terms struct {
	ID      string  `json:"id"`
	Kind    string  `json:"kind"`    // LeaseElevation, LeaseDowngrade or LeaseEnd
	OrgURL  string  `json:"org_url"` // of the org that the account is in; nothing is undone anywhere else
	Account Account `json:"account"`
	// ActsAs is whose credential opened the lease: an account, or a service app, whose login is its client id.
	ActsAs Account `json:"acts_as"`

	// Temporary are the roles that the undo removes from the account, and the only ones.
	Temporary []Role `json:"temporary"`
	// Intended is the one role that the account keeps; Label is how people call it.
	Intended Role   `json:"intended"`
	Label    string `json:"intended_label"`
	// AddsIntended says that this lease assigns Intended, so that an undo takes it away again.
	AddsIntended bool `json:"adds_intended"`

	Names map[string]string `json:"names,omitempty"` // labels of the ids that the terms and the readings name

	// KeepToken says that an undo does not revoke the expected token once it was seen; of LeaseElevation only.
	KeepToken bool `json:"keep_token,omitempty"`

	// Leftover says that Temporary is what an audit found and no lease gives; of LeaseDowngrade only.
	Leftover bool `json:"leftover,omitempty"`

	// Revokes are the ids of the tokens that an end revokes, and the only ones; of LeaseEnd only.
	Revokes []string `json:"revokes,omitempty"`
	// Ends is the id of the lease under which was given what an end takes back, where there was one; of LeaseEnd only.
	Ends string `json:"ends,omitempty"`

	RolesBefore  []Role   `json:"roles_before"`  // what the account held
	TokensBefore []string `json:"tokens_before"` // ids of the tokens that it owned

	Patience    Patience  `json:"patience"`             // with Okta; whoever undoes the lease keeps to it
	Declaration string    `json:"declaration"`          // name of the TokenOwner
	TokenName   string    `json:"token_name,omitempty"` // of the token that is expected; elevation only
	OpenedAt    time.Time `json:"opened_at"`
	EndsAt      time.Time `json:"ends_at"` // when the window ends at the latest; a sweep acts after it
	Approval    *Approval `json:"approval,omitempty"`
	Run
}

// Run is the run of a workflow that opened a lease; zero outside of GitHub Actions.
type Run struct {
	RunID      string `json:"run_id,omitempty"`
	RunAttempt int    `json:"run_attempt,omitempty"` // 1, 2, …
	Job        string `json:"job,omitempty"`         // the key of its job in the workflow, which all legs of a matrix have
	Runner     string `json:"runner,omitempty"`      // which does one job at a time
}

// Patience says how patient an undo is with Okta. A lease keeps it, so that the undo needs no settings.
type Patience struct {
	Settle     Duration `json:"settle"`      // the least time between the two readings that prove a step-down
	StepDown   Duration `json:"step_down"`   // how long a step-down is tried before it is called stuck
	LateEffect Duration `json:"late_effect"` // how long after a request without an answer it may still take effect
}

// Duration is a time.Duration that JSON holds as people write it: "1m30s".
type Duration time.Duration

// String implements fmt.Stringer.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// Event is one transition of a lease. Events are appended, never changed. MAC authenticates all other fields, Prev is
// the MAC of the event before it in the same lease.
type Event struct {
	Version int       `json:"version"`
	Lease   string    `json:"lease"`
	Seq     int       `json:"seq"` // 1, 2, 3, …
	State   State     `json:"state"`
	At      time.Time `json:"at"`
	Terms   *Terms    `json:"terms,omitempty"` // of the first event only
	// Assignment is Okta's id of the temporary role's assignment, as its answer told it; of StateElevated only. An undo
	// removes it even where readings lag and do not show it.
	Assignment string `json:"assignment,omitempty"`
	TokenID    string `json:"token_id,omitempty"` // from StateCreated on
	Note       string `json:"note,omitempty"`     // for people; but see NothingDone
	Prev       string `json:"prev,omitempty"`
	MAC        string `json:"mac"`
}

// NothingDone is the note of StateUndone where the run ended before it changed anything.
const NothingDone = "nothing was done"

// EventVersion is the version of Event that this program writes and the only one that it reads.
const EventVersion = 1

// Entry is what a workflow says of a transition; the ledger makes an Event of it.
type Entry struct {
	State      State
	At         time.Time
	Assignment string
	TokenID    string
	Note       string
}

// Lease is the fold of its events.
type Lease struct {
	Terms
	State      State
	Assignment string
	TokenID    string
	UpdatedAt  time.Time
	Events     []Event
}

// ErrLeaseTaken says that the account already has an open lease.
var ErrLeaseTaken = errors.New("the account already has an open lease")

// ErrLeaseEnded says that the lease is closed or undone, so that nothing may follow: somebody else has ended it.
var ErrLeaseEnded = errors.New("the lease has ended")

// Fold makes a lease of its events. An event of an unknown version or state, out of sequence, of another lease, or
// that may not follow the one before it, is an error.
func Fold(events []Event) (Lease, error) {
	var lease Lease
	for i, e := range events {
		switch {
		case e.Version != EventVersion:
			return Lease{}, fmt.Errorf("event %d has version %d; this program reads version %d", i+1, e.Version, EventVersion)
		case e.Seq != i+1:
			return Lease{}, fmt.Errorf("event %d has sequence number %d", i+1, e.Seq)
		case !e.State.MayFollow(lease.State):
			return Lease{}, fmt.Errorf("event %d: state %q may not follow %q", i+1, e.State, lease.State)
		case (i == 0) != (e.Terms != nil):
			return Lease{}, fmt.Errorf("event %d: the terms belong to the first event and to no other", i+1)
		}
		if i == 0 {
			lease.Terms = *e.Terms
		}
		if e.Lease != lease.ID {
			return Lease{}, fmt.Errorf("event %d is of lease %q, not %q", i+1, e.Lease, lease.ID)
		}
		if e.TokenID != "" {
			lease.TokenID = e.TokenID
		}
		if e.Assignment != "" {
			lease.Assignment = e.Assignment
		}
		lease.State, lease.UpdatedAt = e.State, e.At
		lease.Events = append(lease.Events, e)
	}
	if len(events) == 0 {
		return Lease{}, errors.New("a lease has at least one event")
	}
	return lease, nil
}

// Due tells whether a sweep should act: the lease is open, and its run gave up, or its window is over and its run is not
// in the middle of stepping down, for which it has the step-down's time.
func (l Lease) Due(now time.Time) bool {
	working := now.Before(l.UpdatedAt.Add(time.Duration(l.Patience.StepDown))) && !l.UpdatedAt.After(now.Add(ClockSkew))
	switch l.State {
	case StateClosed, StateUndone:
		return false
	case StateStuck:
		return true
	case StateUndoing:
		return !working
	case StateCreated, StateSteppedDown, StateProved, StateDelivered:
		if working {
			return false
		}
	}
	return !now.Before(l.EndsAt) || l.OpenedAt.After(now.Add(ClockSkew))
}

// ClockSkew is how far apart the clocks of two runs, or of Okta and a run, may be. A lease from further in the future is
// nobody's.
const ClockSkew = 5 * time.Minute

// Reached tells whether the lease was ever in that state.
func (l Lease) Reached(s State) bool {
	return slices.ContainsFunc(l.Events, func(e Event) bool { return e.State == s })
}

// TookBack tells whether the lease is an end that took back what it names: it was not given up before that.
func (l Lease) TookBack() bool {
	return l.Kind == LeaseEnd && l.State == StateUndone && l.Events[len(l.Events)-1].Note != NothingDone
}

// Unanswered tells whether the lease recorded that a role was about to be assigned, and not that Okta answered. Such an
// assignment may still take effect for a while.
func (l Lease) Unanswered() bool {
	unanswered := false
	for _, e := range l.Events {
		switch e.State {
		case StateReady:
			unanswered = true
		case StateElevated:
			unanswered = false
		}
	}
	return unanswered
}

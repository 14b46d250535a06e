package access

import "time"

// Round is a sweep's word that it could read every lease of a ledger, and could have ended one in an org.
type Round struct {
	OrgURL string    `json:"org_url"`
	At     time.Time `json:"at"`
	Run    string    `json:"run,omitempty"` // URL of the run of its workflow
}

// LastRound returns the latest round in an org, or the zero Round where there was none.
func LastRound(rounds []Round, orgURL string) Round {
	var last Round
	for _, r := range rounds {
		if r.OrgURL == orgURL && r.At.After(last.At) {
			last = r
		}
	}
	return last
}

// SweptSince returns from when on a sweep of an org should have run: its last round, or, where there was none, the opening of
// the first of the leases that is of the org. It is zero where there is neither: then there is nothing to sweep yet.
func SweptSince(rounds []Round, leases []Lease, orgURL string) time.Time {
	if last := LastRound(rounds, orgURL); !last.At.IsZero() {
		return last.At
	}
	var first time.Time
	for _, l := range leases {
		if l.OrgURL == orgURL && (first.IsZero() || l.OpenedAt.Before(first)) {
			first = l.OpenedAt
		}
	}
	return first
}

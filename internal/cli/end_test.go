package cli

import (
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/manifest"
)

// TestWhatTheEndOfALeaseDoesWithTheRole has the leases that the ledger may hold beside the one that is ended, "z".
func TestWhatTheEndOfALeaseDoesWithTheRole(t *testing.T) {
	t.Parallel()
	role := access.Role{Type: access.RoleCustom, CustomRole: "cr0a", ResourceSet: "iama"}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	lease := func(id, kind string, change func(*access.Lease)) access.Lease {
		at = at.Add(time.Hour)
		l := access.Lease{State: access.StateClosed, Terms: access.Terms{
			ID: id, Kind: kind, Account: access.Account{ID: "00u1", Login: "svc-x@acme.example"}, Intended: role, Declaration: "x", OpenedAt: at,
			Names: map[string]string{"iama": "A set"},
		}}
		if kind == access.LeaseEnd {
			l.State, l.Events = access.StateUndone, []access.Event{{State: access.StateUndone}}
		}
		if change != nil {
			change(&l)
		}
		return l
	}
	adds := func(l *access.Lease) { l.AddsIntended = true }
	ends := func(id string, takes ...access.Role) func(*access.Lease) {
		return func(l *access.Lease) { l.Ends, l.Temporary = id, takes }
	}
	givenUp := func(l *access.Lease) {
		l.Ends, l.Temporary, l.Events[0].Note = "a", []access.Role{role}, access.NothingDone
	}
	of := func(account string) func(*access.Lease) {
		return func(l *access.Lease) { l.Account.ID, l.AddsIntended = account, true }
	}
	another := access.Role{Type: access.RoleCustom, CustomRole: "cr0b", ResourceSet: "iamb"}
	const e, end = access.LeaseElevation, access.LeaseEnd
	for name, c := range map[string]struct {
		before       []access.Lease
		z            func(*access.Lease)
		gave, needed bool
	}{
		"it assigned it":                            {nil, adds, true, false},
		"it was there before":                       {nil, nil, false, false},
		"another has it from there":                 {[]access.Lease{lease("a", e, adds)}, nil, true, true},
		"another left it":                           {[]access.Lease{lease("a", e, adds), lease("b", end, ends("a"))}, nil, true, false},
		"another left it, and the next took it":     {[]access.Lease{lease("a", e, adds), lease("b", end, ends("a")), lease("c", end, ends("q", role))}, nil, false, false},
		"the end of another was given up":           {[]access.Lease{lease("a", e, adds), lease("b", end, givenUp)}, nil, true, true},
		"another's manifest was removed":            {[]access.Lease{lease("a", e, adds), lease("b", end, ends("", role))}, nil, false, false},
		"another's manifest was removed, it stayed": {[]access.Lease{lease("a", e, adds), lease("b", end, ends(""))}, adds, true, false},
		"another's manifest was removed before":     {[]access.Lease{lease("b", end, ends("")), lease("a", e, adds)}, adds, true, true},
		"the manifest of another name was removed":  {[]access.Lease{lease("a", e, adds), lease("b", end, func(l *access.Lease) { l.Declaration = "y" })}, adds, true, true},
		"another account has it":                    {[]access.Lease{lease("a", e, of("00u2"))}, nil, false, false},
		"the account has another":                   {[]access.Lease{lease("a", e, func(l *access.Lease) { l.Intended, l.AddsIntended = another, true })}, nil, false, false},
		"another that was undone had it":            {[]access.Lease{lease("a", e, func(l *access.Lease) { l.State, l.AddsIntended = access.StateUndone, true })}, nil, false, false},
		"a downgrade closed":                        {[]access.Lease{lease("a", access.LeaseDowngrade, nil)}, adds, true, false},
	} {
		z := lease("z", e, c.z)
		leases := append(c.before, z)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := gave(leases, z); got != c.gave {
				t.Errorf("gave = %v", got)
			}
			if got := needed(leases, z, manifest.Directory{}); got != c.needed {
				t.Errorf("needed = %v", got)
			}
			declared := access.TokenOwner{Account: "SVC-X@acme.example", Role: access.Intended{CustomRole: "cr0a", ResourceSet: "a SET"}}
			if !needed(leases, z, manifest.Directory{Owners: []access.TokenOwner{declared}}) {
				t.Error("a manifest declares the account, and its role is not needed")
			}
			declared.Role.CustomRole = "cr0b"
			if got := needed(leases, z, manifest.Directory{Owners: []access.TokenOwner{declared}}); got != c.needed {
				t.Errorf("where a manifest declares another role of the account, needed = %v", got)
			}
		})
	}
}

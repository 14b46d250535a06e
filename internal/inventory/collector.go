package inventory

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/org"
)

// collector holds a snapshot in the making. Only the goroutine that runs Collect touches it: calls under way return
// results, and these are taken up in a fixed order, so that the snapshot does not depend on which answer came first.
type collector struct {
	src     Source
	scope   Scope
	snap    org.Snapshot
	tallies map[string]*tally

	assignees  []string
	accounts   map[string]bool             // ids of the accounts of scope that exist
	absent     map[string]bool             // accounts of scope that do not exist, as scope names them
	found      map[string]org.User         // users that were asked for one by one
	setsRead   map[string]bool             // resource sets whose bindings are known
	userRoles  map[string][]org.Assignment // by user; a key is there when the roles are known
	groupRoles map[string][]org.Assignment // by group, likewise
	appRoles   map[string][]org.Assignment // by app, likewise
	asked      map[string]bool             // principals whose roles were asked for, known or not
}

// tally is how one collection goes.
type tally struct {
	calls   int
	reasons []string // why it is not complete; empty where it is
}

func newCollector(src Source, scope Scope, snap org.Snapshot) *collector {
	c := &collector{
		src: src, scope: scope, snap: snap,
		tallies:    map[string]*tally{},
		accounts:   map[string]bool{},
		absent:     map[string]bool{},
		found:      map[string]org.User{},
		setsRead:   map[string]bool{},
		userRoles:  map[string][]org.Assignment{},
		groupRoles: map[string][]org.Assignment{},
		appRoles:   map[string][]org.Assignment{},
		asked:      map[string]bool{},
	}
	for _, name := range org.Collections() {
		if name != org.CollectLeases && name != org.CollectSweeps { // which are the ledger's
			c.tallies[name] = &tally{}
		}
	}
	return c
}

// fail says that a collection is not complete. The first reason is the one that people read first.
func (c *collector) fail(collection, format string, args ...any) {
	why := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
	if t := c.tallies[collection]; !slices.Contains(t.reasons, why) {
		t.reasons = append(t.reasons, why)
	}
}

func (c *collector) failed(collection string) bool { return len(c.tallies[collection].reasons) > 0 }

func (c *collector) count(collection string, calls int) { c.tallies[collection].calls += calls }

// finish returns the snapshot with its assignments and its coverage.
func (c *collector) finish() org.Snapshot {
	counts := map[string]int{
		org.CollectUsers:        len(c.snap.Users),
		org.CollectGroups:       len(c.snap.Groups),
		org.CollectCustomRoles:  len(c.snap.CustomRoles),
		org.CollectResourceSets: len(c.snap.ResourceSets),
		org.CollectBindings:     len(c.snap.Bindings),
		org.CollectTokens:       len(c.snap.Tokens),
		org.CollectApps:         len(c.snap.Apps),
	}
	for _, members := range c.snap.GroupMembers {
		counts[org.CollectGroupMembers] += len(members)
	}
	counts[org.CollectUserRoles] = c.keep(c.userRoles)
	counts[org.CollectGroupRoles] = c.keep(c.groupRoles)
	counts[org.CollectAppRoles] = c.keep(c.appRoles)
	for name, t := range c.tallies {
		coverage := org.Coverage{Status: org.StatusComplete, Count: counts[name], Calls: t.calls}
		if len(t.reasons) > 0 {
			coverage.Status, coverage.Reason = org.StatusFailed, strings.Join(t.reasons, "; ")
		}
		c.snap.Coverage[name] = coverage
	}
	return c.snap
}

// keep puts the assignments of all principals into the snapshot and returns their number.
func (c *collector) keep(roles map[string][]org.Assignment) int {
	before := len(c.snap.Assignments)
	for _, id := range slices.Sorted(maps.Keys(roles)) {
		for _, a := range roles[id] {
			c.snap.Assignments[a.Key()] = a
		}
	}
	return len(c.snap.Assignments) - before
}

// reason is an error with what to do about it, if it knows.
func reason(err error) string {
	var knows interface{ NextStep() string }
	if errors.As(err, &knows) && knows.NextStep() != "" {
		return err.Error() + ". " + knows.NextStep()
	}
	return err.Error()
}

// failures describes the errors of calls that were made for keys, or returns "".
func failures[T any](what string, keys []string, results []result[T]) string {
	number, first := 0, ""
	for i, r := range results {
		if r.err == nil {
			continue
		}
		if number++; number == 1 {
			first = fmt.Sprintf("%s %q: %s", what, keys[i], reason(r.err))
		}
	}
	switch number {
	case 0:
		return ""
	case 1:
		return first
	}
	return fmt.Sprintf("%s (and %d more of %d failed)", first, number-1, len(keys))
}

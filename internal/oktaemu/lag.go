// Eventual consistency: reads from replicas of the state that follow it some time behind. Each change of the state is kept
// in a journal until every replica has it, so that what a replica costs is one copy and not one a change.

package oktaemu

import (
	"slices"
	"time"
)

// maxBehind is how many changes a Stale fault looks back.
const maxBehind = 256

// entry is a change of the state.
type entry struct {
	at      time.Time
	head    state // everything that is not a table or map, after the change
	changes []any // of each part, in their order; nil where it did not change
}

// journal watches the live state. Entries are numbered from 0 since it began.
type journal struct {
	live     *state
	parts    []part
	first    int // number of entries[0]
	entries  []entry
	replicas []*replica
}

// replica is a state that may be behind the live one.
type replica struct {
	s    *state
	next int // the entry that it has not seen
}

func newJournal(live *state) *journal {
	j := &journal{live: live, parts: live.parts()}
	for _, p := range j.parts {
		p.watch()
	}
	return j
}

// follow starts a replica that is level with the live state.
func (j *journal) follow() *replica {
	r := &replica{j.live.clone(), j.first + len(j.entries)}
	j.replicas = append(j.replicas, r)
	return r
}

// leave ends a replica; nil is none.
func (j *journal) leave(r *replica) {
	j.replicas = slices.DeleteFunc(j.replicas, func(other *replica) bool { return other == r })
	j.prune()
}

// end watches no more.
func (j *journal) end() {
	for _, p := range j.parts {
		p.unwatch()
	}
}

// commit notes what changed.
func (j *journal) commit(at time.Time) {
	e := entry{at: at, head: *j.live, changes: make([]any, len(j.parts))}
	e.head.events = slices.Clip(e.head.events)
	for i, p := range j.parts {
		e.changes[i] = p.take()
	}
	j.entries = append(j.entries, e)
}

// advance lets a replica see what happened until then. Time that went back shows nothing again.
func (j *journal) advance(r *replica, until time.Time) {
	for r.next < j.first+len(j.entries) && !j.entries[r.next-j.first].at.After(until) {
		j.step(r)
	}
	j.prune()
}

// step lets a replica see its next entry.
func (j *journal) step(r *replica) {
	e := j.entries[r.next-j.first]
	next := e.head
	mine, theirs := r.s.parts(), next.parts()
	for i := range theirs {
		theirs[i].adopt(mine[i])
		if e.changes[i] != nil {
			theirs[i].apply(e.changes[i])
		}
	}
	r.s = &next
	r.next++
}

// prune forgets the entries that every replica has.
func (j *journal) prune() {
	end := j.first + len(j.entries)
	for _, r := range j.replicas {
		end = min(end, r.next)
	}
	if end > j.first {
		j.entries = slices.Clone(j.entries[end-j.first:])
		j.first = end
	}
}

// commit notes what a request or a change from outside did, for the replicas there are. Reads change no more than what
// time a token was last used, which only a replica by time shows.
func (o *Org) commit(wrote bool, now time.Time) {
	j := o.journal
	if j == nil || !wrote && len(j.replicas) == 1 && j.replicas[0] == o.stale {
		return
	}
	j.commit(now)
	if o.stale != nil {
		for j.first+len(j.entries)-o.stale.next > maxBehind {
			j.step(o.stale)
		}
	}
	j.prune()
}

// follow starts a replica, and the journal with the first.
func (o *Org) follow() *replica {
	if o.journal == nil {
		o.journal = newJournal(o.state)
	}
	return o.journal.follow()
}

// unfollow ends a replica, and the journal with the last.
func (o *Org) unfollow(r *replica) {
	if r == nil {
		return
	}
	o.journal.leave(r)
	if len(o.journal.replicas) == 0 {
		o.journal.end()
		o.journal = nil
	}
}

// readable is the state that a GET is answered from: the live one, or one that is behind by a fault or by the org's lag.
func (o *Org) readable(f *fault, now time.Time) *state {
	r, lag := o.lagged, o.lag
	if f.StaleFor > 0 {
		r, lag = f.behind, f.StaleFor
	}
	if r == nil {
		return o.state
	}
	o.journal.advance(r, now.Add(-lag))
	return r.s
}

// before answers from the latest earlier state that gives another answer than now, as far back as the journal goes.
func (o *Org) before(c *call, found route, now reply) reply {
	if o.stale == nil {
		return now
	}
	out := now
	past := &replica{o.stale.s.clone(), o.stale.next}
	for past.next < o.journal.first+len(o.journal.entries) {
		old := *c
		old.s = past.s
		if then := found.answer(&old); string(then.body) != string(now.body) {
			out = then
		}
		o.journal.step(past)
	}
	return out
}

// SetLag has every GET of the Management API, also of lists, answered from the org as it was that long ago, but not as it
// was before the lag was first set. Writes, and who the caller is and may do, are of the present. 0 ends the lag.
func (o *Org) SetLag(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.setLag(d)
}

func (o *Org) setLag(d time.Duration) {
	o.lag = max(0, d)
	switch {
	case o.lag == 0:
		o.unfollow(o.lagged)
		o.lagged = nil
	case o.lagged == nil:
		o.lagged = o.follow()
	}
}

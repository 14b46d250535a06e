// The org's clock: the real one and an offset, and what is to happen later on it.

package oktaemu

import (
	"fmt"
	"slices"
	"time"
)

// now is the org's time.
func (o *Org) now() time.Time { return time.Now().Add(o.offset).UTC() }

// Now is the org's time.
func (o *Org) Now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now()
}

// pending is an effect that is still to come.
type pending struct {
	due   time.Time // by the org's clock
	timer *time.Timer
	run   func()
}

// later runs something after d on the org's clock.
func (o *Org) later(d time.Duration, run func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := &pending{due: o.now().Add(d), run: run}
	p.timer = time.AfterFunc(d, func() {
		if o.claim(p) {
			run()
		}
	})
	o.coming = append(o.coming, p)
}

// claim tells whether p has not run yet and was not called off, and takes it.
func (o *Org) claim(p *pending) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	at := slices.Index(o.coming, p)
	if at < 0 {
		return false
	}
	o.coming = slices.Delete(o.coming, at, at+1)
	return true
}

// Advance moves the org's clock forward. Effects that fall due meanwhile have happened when it returns. A negative
// duration panics.
func (o *Org) Advance(d time.Duration) {
	if d < 0 {
		panic(fmt.Sprintf("oktaemu: the clock does not go back: %v", d))
	}
	for _, p := range o.advance(d) {
		p.run()
	}
}

// SetOffset sets how far the org's clock is ahead of the real one, or below 0 behind. Where that moves it back, windows of
// rate limits begin anew, and what reads lag behind begins as the org is now; what is to happen later comes later.
func (o *Org) SetOffset(d time.Duration) {
	for _, p := range o.setOffset(d) {
		p.run()
	}
}

func (o *Org) setOffset(d time.Duration) []*pending {
	o.mu.Lock()
	defer o.mu.Unlock()
	if d < o.offset {
		o.limits = newLimiter(o.limits.Limits)
		if o.journal != nil {
			o.journal.end()
			o.followAnew()
		}
	}
	return o.move(d - o.offset)
}

// advance moves the clock forward and takes what is due, in order.
func (o *Org) advance(d time.Duration) []*pending {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.move(d)
}

// move moves the clock, either way, and takes what is due, in order.
func (o *Org) move(d time.Duration) []*pending {
	o.offset += d
	now := o.now()
	var due, rest []*pending
	for _, p := range o.coming {
		if p.due.After(now) {
			p.timer.Reset(p.due.Sub(now))
			rest = append(rest, p)
			continue
		}
		p.timer.Stop()
		due = append(due, p)
	}
	o.coming = rest
	slices.SortStableFunc(due, func(a, b *pending) int { return a.due.Compare(b.due) })
	return due
}

// callOff forgets what was still to come.
func (o *Org) callOff() {
	for _, p := range o.coming {
		p.timer.Stop()
	}
	o.coming = nil
}

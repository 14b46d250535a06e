package oktaemu

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAReplicaBecomesTheState has a replica follow a state through random changes of rows and maps, some of which go and
// come back between two commits, and holds it against the state after each step.
func TestAReplicaBecomesTheState(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 7))
		s, err := build(DefaultSeed(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		j := newJournal(s)
		r := j.follow()
		var history []*state
		for range 30 {
			for range random.IntN(5) {
				disturb(s, random)
			}
			history = append(history, s.clone())
			j.commit(time.Now())
		}
		for i, want := range history {
			j.step(r)
			if !reflect.DeepEqual(want, r.s) { // cmp is too slow to be asked each time
				diff := cmp.Diff(want, r.s, cmp.Exporter(func(reflect.Type) bool { return true }))
				t.Fatalf("seed %d, step %d (-state +replica):\n%s", seed, i, diff)
			}
		}
	}
}

// disturb changes one thing of a few, so that the same are often changed again.
func disturb(s *state, random *rand.Rand) {
	id := fmt.Sprintf("id%d", random.IntN(4))
	p := principal{userKind, id}
	switch random.IntN(7) {
	case 0, 1:
		s.zones.put(id, s.next(), zone{id: id, name: fmt.Sprint(s.seq)})
	case 2:
		s.zones.remove(id)
	case 3:
		s.held[p] = append(touched(s.held[p], time.Now()), assignment{id: id, seq: s.next()})
	case 4:
		delete(s.held, p)
	case 5:
		s.extra[id] = !s.extra[id]
	case 6:
		delete(s.extra, id)
	}
}

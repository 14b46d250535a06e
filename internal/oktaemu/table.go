// What a state is made of: tables and maps, which can be copied and which tell what changed in them.

package oktaemu

import (
	"maps"
	"slices"
)

// part is a table or a map of a state. Only a part that is watched knows its changes.
type part interface {
	copy(from part)   // holds what from holds; later writes to one do not change the other
	adopt(from part)  // takes what from holds over, without copying it
	watch()           // from now on take tells what changed
	unwatch()         // no more
	take() any        // the changes since watch or the take before; nil where there are none
	apply(change any) // makes changes that another part's take told
}

// table holds rows by id and their order. Rows are written by put and remove alone.
type table[T any] struct {
	order   []string
	rows    map[string]T
	seqs    map[string]int
	touched *touches
}

// touches are the ids of rows that changed.
type touches struct {
	order   []string
	removed map[string]bool // by each id in order: whether it was removed meanwhile, perhaps to come back
}

// tableChange is what changed in a table.
type tableChange[T any] struct{ rows []rowChange[T] }

type rowChange[T any] struct {
	id            string
	seq           int
	row           T
	removed, kept bool // removed: take the old row away first; kept: there is a row now
}

func newTable[T any]() table[T] {
	return table[T]{rows: map[string]T{}, seqs: map[string]int{}}
}

func (t table[T]) clone() table[T] {
	return table[T]{order: slices.Clone(t.order), rows: maps.Clone(t.rows), seqs: maps.Clone(t.seqs)}
}

// put adds or replaces a row; seq is used when it is new.
func (t *table[T]) put(id string, seq int, row T) {
	_, there := t.rows[id]
	if !there {
		t.order = append(t.order, id)
		t.seqs[id] = seq
	}
	t.rows[id] = row
	t.touch(id, !there, false)
}

func (t *table[T]) remove(id string) {
	delete(t.rows, id)
	delete(t.seqs, id)
	t.order = slices.DeleteFunc(slices.Clone(t.order), func(other string) bool { return other == id })
	t.touch(id, false, true)
}

// touch notes that a row changed. Rows that are new come last, as in the table; one that went and came back is there twice.
func (t *table[T]) touch(id string, added, removed bool) {
	if t.touched == nil {
		return
	}
	before, seen := t.touched.removed[id]
	if !seen || added {
		t.touched.order = append(t.touched.order, id)
	}
	t.touched.removed[id] = before || removed
}

// all yields the rows in the order in which they were added.
func (t table[T]) all() func(yield func(int, T) bool) {
	return func(yield func(int, T) bool) {
		for _, id := range t.order {
			if !yield(t.seqs[id], t.rows[id]) {
				return
			}
		}
	}
}

func (t *table[T]) copy(from part)  { *t = from.(*table[T]).clone() }
func (t *table[T]) adopt(from part) { *t = *from.(*table[T]); t.touched = nil }
func (t *table[T]) watch()          { t.touched = &touches{removed: map[string]bool{}} }
func (t *table[T]) unwatch()        { t.touched = nil }

func (t *table[T]) take() any {
	if len(t.touched.order) == 0 {
		return nil
	}
	var out tableChange[T]
	for _, id := range t.touched.order {
		row, kept := t.rows[id]
		out.rows = append(out.rows, rowChange[T]{id, t.seqs[id], row, t.touched.removed[id], kept})
	}
	t.watch()
	return out
}

func (t *table[T]) apply(change any) {
	for _, r := range change.(tableChange[T]).rows {
		if r.removed {
			t.remove(r.id)
		}
		if r.kept {
			t.put(r.id, r.seq, r.row)
		}
	}
}

// mapPart is a map of a state, as a part of it. As anybody may write to a map, it finds its changes by comparing.
type mapPart[K comparable, V any] struct {
	m    *map[K]V
	same func(a, b V) bool
	last map[K]V // as it was at the last take
}

// mapOf is the part of a map whose values are compared by same.
func mapOf[K comparable, V any](m *map[K]V, same func(a, b V) bool) *mapPart[K, V] {
	return &mapPart[K, V]{m: m, same: same}
}

// mapChange is what changed in a map.
type mapChange[K comparable, V any] struct {
	set  map[K]V
	gone []K
}

func equal[V comparable](a, b V) bool { return a == b }

// sameSlice tells whether both are the same slice: slices of a state are replaced, never changed in place.
func sameSlice[V any](a, b []V) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

func (p *mapPart[K, V]) copy(from part)  { *p.m = maps.Clone(*from.(*mapPart[K, V]).m) }
func (p *mapPart[K, V]) adopt(from part) { *p.m = *from.(*mapPart[K, V]).m }
func (p *mapPart[K, V]) watch()          { p.last = maps.Clone(*p.m) }
func (p *mapPart[K, V]) unwatch()        { p.last = nil }

func (p *mapPart[K, V]) take() any {
	out := mapChange[K, V]{set: map[K]V{}}
	for k, v := range *p.m {
		if old, there := p.last[k]; !there || !p.same(old, v) {
			out.set[k] = v
		}
	}
	if len(p.last)+len(out.set) > len(*p.m) { // else nothing can be gone
		for k := range p.last {
			if _, there := (*p.m)[k]; !there {
				out.gone = append(out.gone, k)
			}
		}
	}
	if len(out.set) == 0 && len(out.gone) == 0 {
		return nil
	}
	amend(p.last, out)
	return out
}

func (p *mapPart[K, V]) apply(change any) { amend(*p.m, change.(mapChange[K, V])) }

func amend[K comparable, V any](m map[K]V, change mapChange[K, V]) {
	maps.Copy(m, change.set)
	for _, k := range change.gone {
		delete(m, k)
	}
}

// A whole record against the document, and what came of it.

package main

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// verdict is what came of a record.
type verdict struct {
	Exchanges   int // read
	Cut         int // lines that were not whole
	Checked     int // against the document
	Different   int // of these, with what validation depends on
	NotEmulated int // answered by the emulator's own refusal
	Outside     int // of the document
	Statuses    map[int]int
	Routes      map[string]bool // of the document
	Groups      []*group
	Excused     int // findings that are the subject's own
	Defects     int // findings that are the emulator's and known
	Stale       []string
}

// group is findings of one kind.
type group struct {
	finding
	Count   int
	Example exchange
}

func (v verdict) failed() bool { return len(v.Groups) > 0 || len(v.Stale) > 0 }

// saysNoSuchRoute tells whether a status says nothing of a route that is not in the document: there is none of that method,
// or it does not matter what there is, because nobody knows who asks.
func saysNoSuchRoute(status int) bool {
	return status == http.StatusMethodNotAllowed || status == http.StatusUnauthorized
}

// check judges each different exchange once and counts the others with it.
func check(d *document, x *expected, all []exchange) verdict {
	v := verdict{Exchanges: len(all), Statuses: map[int]int{}, Routes: map[string]bool{}}
	known := map[[sha256.Size]byte][]finding{}
	groups := map[finding]*group{}
	for _, e := range all {
		o, documented := d.find(e.Method, e.url.EscapedPath())
		switch {
		case e.notEmulated(d.of):
			v.NotEmulated++
			continue
		case !documented && (saysNoSuchRoute(e.Status) || x.leavesOut(e)):
			v.Outside++
			continue
		case documented:
			v.Routes[o.name] = true
		}
		v.Checked++
		v.Statuses[e.Status]++
		key := e.key()
		found, seen := known[key]
		if !seen {
			v.Different++
			found = d.judge(e)
			known[key] = found
		}
		v.count(x, e, found, groups)
	}
	v.Groups = slices.SortedFunc(maps.Values(groups), func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.At, b.At), cmp.Compare(a.Detail, b.Detail))
	})
	v.Stale = x.stale()
	return v
}

func (v *verdict) count(x *expected, e exchange, found []finding, groups map[finding]*group) {
	for _, f := range found {
		if d := x.excuses(f); d != nil && d.Defect != "" {
			v.Defects++
			continue
		} else if d != nil {
			v.Excused++
			continue
		}
		g := groups[f]
		if g == nil {
			g = &group{finding: f, Example: e}
			groups[f] = g
		}
		g.Count++
	}
}

// key is the same for exchanges that must be judged alike. Digits in bodies are made equal: they are ports, counters and
// times for the most part, and no rule of the document depends on which digit it is.
func (e exchange) key() [sha256.Size]byte {
	h := sha256.New()
	fmt.Fprintln(h, e.Method, e.url.EscapedPath(), slices.Sorted(maps.Keys(e.url.Query())), e.Status, e.mediaType(), e.SentType, e.Bytes > 0)
	same := func(b byte) byte {
		if b >= '0' && b <= '9' {
			return '0'
		}
		return b
	}
	for _, body := range [][]byte{e.Sent, e.Body} {
		text := make([]byte, len(body))
		for i, b := range body {
			text[i] = same(b)
		}
		h.Write(text)
		fmt.Fprintln(h)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func (v verdict) print(w io.Writer, of subject) {
	fmt.Fprintf(w, "%d exchanges recorded (%d lines cut short): %d checked, %d of them different, on %d operations of the document of %s; %d outside of it, %d not emulated\n",
		v.Exchanges, v.Cut, v.Checked, v.Different, len(v.Routes), of.name, v.Outside, v.NotEmulated)
	for _, status := range slices.Sorted(maps.Keys(v.Statuses)) {
		fmt.Fprintf(w, "  %d: %d\n", status, v.Statuses[status])
	}
	fmt.Fprintf(w, "%d findings are deviations of the subject itself, %d are known defects of the emulator\n", v.Excused, v.Defects)
	for _, g := range v.Groups {
		fmt.Fprintf(w, "\n%s, status %d: %s %s %s (%d times)\n", g.Route, g.Status, g.Kind, g.At, g.Detail, g.Count)
		fmt.Fprintf(w, "  sent: %s %s %s\n  answer: %s\n", g.Example.Method, g.Example.Target, short(g.Example.Sent), short(g.Example.Body))
	}
	for _, s := range v.Stale {
		fmt.Fprintf(w, "\n%s\n", s)
	}
}

func short(text []byte) string {
	const most = 600
	if len(text) <= most {
		return string(text)
	}
	return strings.ToValidUTF8(string(text[:most]), "") + "…"
}

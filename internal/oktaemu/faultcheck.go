// What is wrong with a fault: one that could never fire, or would do nothing when it does, is refused when it is injected.

package oktaemu

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
)

// check says what is wrong with a fault.
func (f Fault) check(routes []route) error {
	switch {
	case f.Skip < 0 || f.Count < 0:
		return errors.New("skip and count of a fault are 0 or more")
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("the status of a fault is from 200 to 599, not %d", f.Status)
	case min(f.Delay, f.LateEffect, f.LimitReset, f.StaleFor) < 0:
		return errors.New("the durations of a fault are 0 or more")
	case f.LimitReset > 0 && f.Status != http.StatusTooManyRequests:
		return errors.New("limitReset of a fault goes with status 429")
	case f.Body != "" && f.Status == 0:
		return errors.New("body of a fault goes with a status")
	case (f.Stale || f.StaleFor > 0) && f.Method != "" && f.Method != get:
		return fmt.Errorf("stale and staleFor of a fault are for GET, not for %s", f.Method)
	}
	if err := f.checkPath(routes); err != nil {
		return err
	}
	return f.checkEffects()
}

// checkEffects refuses a fault that does nothing, or two things of which only one can be.
func (f Fault) checkEffects() error {
	var endings, answers []string
	for _, effect := range []struct {
		name   string
		there  bool
		answer bool
	}{
		{"dropBefore", f.DropBefore, false},
		{"resetBefore", f.ResetBefore, false},
		{"lateEffect", f.LateEffect > 0, false},
		{"dropAfter", f.DropAfter, false},
		{"resetAfter", f.ResetAfter, false},
		{"status", f.Status != 0, true},
		{"stale", f.Stale, true},
		{"staleFor", f.StaleFor > 0, true},
		{"header", len(f.Header) > 0, true},
		{"truncate", f.Truncate, true},
	} {
		switch {
		case effect.there && effect.answer:
			answers = append(answers, effect.name)
		case effect.there:
			endings = append(endings, effect.name)
		}
	}
	switch {
	case len(endings) > 1:
		return fmt.Errorf("%s and %s of a fault exclude each other", endings[0], endings[1])
	case len(endings) == 1 && len(answers) > 0:
		return fmt.Errorf("%s and %s of a fault exclude each other: there is no answer", endings[0], answers[0])
	case f.Status != 0 && (f.Stale || f.StaleFor > 0):
		return errors.New("status and stale of a fault exclude each other: the org does not answer")
	case f.Stale && f.StaleFor > 0:
		return errors.New("stale and staleFor of a fault exclude each other")
	case len(endings)+len(answers) == 0 && f.Delay == 0:
		return errors.New("the fault has no effect: give it a status, delay, dropBefore, resetBefore, lateEffect, header, stale, staleFor, dropAfter, resetAfter or truncate")
	}
	return nil
}

// checkPath refuses a method and path that fit no route and no page of the console, and names what comes nearest.
func (f Fault) checkPath(routes []route) error {
	known := destinations(routes)
	if f.Method != "" && !slices.ContainsFunc(known, func(t destination) bool { return t.method == f.Method }) {
		return fmt.Errorf("the method of a fault is GET, POST, PUT, PATCH or DELETE, not %s", f.Method)
	}
	if _, err := path.Match(f.Path, ""); err != nil {
		return fmt.Errorf("malformed path of a fault: %s", f.Path)
	}
	if f.Path == "" {
		return nil
	}
	if !strings.HasPrefix(f.Path, "/") {
		return fmt.Errorf("the path of a fault begins with a slash: /%s", f.Path)
	}
	for _, t := range known {
		if (f.Method == "" || f.Method == t.method) && f.reaches(t.path) {
			return nil
		}
	}
	near := f.nearest(known)
	return fmt.Errorf("no route and no page of a fault's %s; the nearest is %s %s", strings.TrimSpace("path "+f.Method+" "+f.Path), near.method, near.path)
}

// destination is what a request can be for: a route, or a page of the Admin Console.
type destination struct{ method, path string }

func destinations(routes []route) []destination {
	out := consolePages()
	for _, r := range routes {
		out = append(out, destination{r.method, r.path})
	}
	return out
}

// reaches tells whether some request for a route's path, in which {…} stands for any segment, has the path of the fault.
func (f Fault) reaches(routePath string) bool {
	if f.byRoute() {
		return f.Path == routePath
	}
	pattern, prefix := strings.CutSuffix(f.Path, "/...")
	want, have := strings.Split(pattern, "/"), strings.Split(routePath, "/")
	if len(want) > len(have) || !prefix && len(want) < len(have) {
		return false
	}
	for i, w := range want {
		switch {
		case strings.HasPrefix(have[i], "{"):
			if w == "" {
				return false
			}
		case prefix && w != have[i]: // a prefix is taken letter by letter
			return false
		case !prefix:
			if fits, err := path.Match(w, have[i]); err == nil && !fits { // a class such as [/-] is cut in two: it may fit
				return false
			}
		}
	}
	return true
}

// nearest is the destination that takes the fewest changes to get to; that the method is another counts least.
func (f Fault) nearest(known []destination) destination {
	wanted := segments(strings.TrimSuffix(f.Path, "/..."))
	far := func(t destination) int {
		d := distance(wanted, segments(t.path), segmentGap, func(a, b string) int {
			if a == "*" || b == "*" {
				return 1
			}
			return min(segmentGap, lettersApart(a, b)*2)
		}) * 2
		if f.Method != "" && f.Method != t.method {
			d++
		}
		return d
	}
	return slices.MinFunc(known, func(a, b destination) int { return far(a) - far(b) })
}

// segmentGap is what a segment too many or too few counts, in letters.
const segmentGap = 10

// segments are those of a path, with * for variables.
func segments(p string) []string {
	out := strings.Split(strings.Trim(p, "/"), "/")
	for i, s := range out {
		if strings.HasPrefix(s, "{") {
			out[i] = "*"
		}
	}
	return out
}

// lettersApart is how many letters have to be changed, added or left out to make one word of the other.
func lettersApart(a, b string) int {
	return distance([]byte(a), []byte(b), 1, func(x, y byte) int { return 1 })
}

// distance is the least cost of making one list of the other: gap for what is added or left out, and what change says
// for one thing in place of another.
func distance[T comparable](a, b []T, gap int, change func(x, y T) int) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j * gap
	}
	for i, x := range a {
		before := row[0]
		row[0] = (i + 1) * gap
		for j, y := range b {
			cost := before
			if x != y {
				cost += change(x, y)
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+gap, before+gap)
		}
	}
	return row[len(b)]
}

package github

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
)

// pushes answers the activity list of a branch that was pushed to so often: cursors as GitHub has them, which say nothing.
func pushes(t *testing.T, count int, change func(page int, items []string, link string) ([]string, string)) (*raw, *Client) {
	t.Helper()
	s, c := serve(t, nil)
	item := func(id int) string {
		return fmt.Sprintf(`{"id":%d,"ref":"refs/heads/a,b","before":"%s","after":"%s","activity_type":"push","timestamp":"2026-01-02T03:04:05+01:00","actor":{"login":"ann","type":"User"}}`, id, shaA, shaB)
	}
	s.answers = map[string][]string{"GET /activity": one("")}
	s.header = func(r *http.Request) http.Header {
		query := r.URL.Query()
		size, _ := strconv.Atoi(query.Get("per_page"))
		start, _ := strconv.Atoi(strings.TrimPrefix(query.Get("after"), "Y3Vyc29y=="))
		if query.Get("ref") != "refs/heads/a,b" || size == 0 {
			t.Errorf("it asked for %s", r.URL.RawQuery)
		}
		var items []string
		for i := start; i < min(start+size, count); i++ {
			id := count - i
			if query.Get("direction") == "asc" {
				id = i + 1
			}
			items = append(items, item(id))
		}
		link := ""
		if start+size < count {
			// A comma in the address, as it stands in the name of the branch.
			link = fmt.Sprintf(`<https://api.github.com/x?ref=refs/heads/a,b&after=%s>; rel="next", <https://api.github.com/x?after=>; rel="first"`, url.QueryEscape(fmt.Sprintf("Y3Vyc29y==%d", start+size)))
		}
		if change != nil && query.Get("direction") == "desc" {
			items, link = change(start/perPage+1, items, link)
		}
		s.answers["GET /activity"] = one("[" + strings.Join(items, ",") + "]")
		if link == "" {
			return nil
		}
		return http.Header{"Link": {link}}
	}
	return s, c
}

func TestBranchPushes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ count, requests int }{{0, 1}, {1, 1}, {99, 1}, {100, 2}, {101, 2}, {200, 3}, {250, 3}} {
		s, c := pushes(t, test.count, nil)
		got, err := c.BranchPushes(t.Context(), "a,b")
		if err != nil || got == nil || len(got) != test.count {
			t.Fatalf("%d: %d pushes, %v", test.count, len(got), err)
		}
		for i, p := range got {
			if p.ID != int64(test.count-i) {
				t.Fatalf("push %d has id %d", i, p.ID)
			}
		}
		if n := len(s.requests()); n != test.requests {
			t.Errorf("%d pushes took %d requests, want %d", test.count, n, test.requests)
		}
	}
	_, c := pushes(t, 1, nil)
	got, err := c.BranchPushes(t.Context(), "a,b")
	want := []access.Push{{
		ID: 1, Ref: "refs/heads/a,b", Before: shaA, After: shaB, Kind: "push", Actor: "ann", ActorType: "User", At: time.Date(2026, 1, 2, 2, 4, 5, 0, time.UTC),
	}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func TestBranchPushesAreAllOrAnError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		count  int
		says   string
		change func(page int, items []string, link string) ([]string, string)
	}{
		"link lost": {250, "ends before the oldest", func(_ int, items []string, _ string) ([]string, string) { return items, "" }},
		"link malformed": {250, "malformed", func(_ int, items []string, link string) ([]string, string) {
			return items, strings.Replace(link, ">", "", 2)
		}},
		"link by page": {250, "without a cursor", func(_ int, items []string, _ string) ([]string, string) {
			return items, `<https://x/?page=2>; rel="next"`
		}},
		"link round": {250, "listed twice", func(_ int, items []string, link string) ([]string, string) {
			return items, `<https://x/?after=Y3Vyc29y%3D%3D0>; rel="next"`
		}},
		"link to itself": {99, "listed twice", func(_ int, items []string, _ string) ([]string, string) {
			return items, `<https://x/?after=50>; rel=next`
		}},
		"empty and no end":  {250, "does not go on", func(page int, items []string, link string) ([]string, string) { return items[:0], link }},
		"null in it":        {2, "holds null", func(_ int, items []string, link string) ([]string, string) { return append(items, "null"), link }},
		"more than allowed": {maxPushes + 1, "more than 5000", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c := pushes(t, test.count, test.change)
			got, err := c.BranchPushes(t.Context(), "a,b")
			wantError(t, err, test.says)
			if got != nil {
				t.Errorf("%d pushes beside an error", len(got))
			}
		})
	}
	_, c := pushes(t, maxPushes, nil)
	if got, err := c.BranchPushes(t.Context(), "a,b"); err != nil || len(got) != maxPushes {
		t.Errorf("%d pushes, %v", len(got), err)
	}
}

func TestNextCursor(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		``: "", `<https://x/?after=c>; rel="next"`: "c", `<https://x/?before=b>; rel="prev"`: "", `<https://x/?before=b>; rel="prev",<https://x/?after=c>;rel=next`: "c",
		`<https://x/?a=1,2&after=a%3D%3D>; rel="next"`: "a==", `<https://x/?after=c>; title="x"; rel="last next"`: "c", `<https://x/?after=c>; REL="NEXT"`: "c",
		`<https://x/?after=c>`: "", `<https://x/?after=c>; rel="nextish"`: "", `<https://x/?after=c>; rel=next, <https://x/?after=c>; rel=next`: "c",
	} {
		if got, err := nextCursor(http.Header{"Link": {link}}); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", link, got, err, want)
		}
	}
	for _, link := range []string{
		`x`, `<https://x/?after=c; rel="next"`, `<https://x/>; rel="next"`, `<https://x/?after=>; rel="next"`, `<https://x/?after=a&after=b>; rel=next`,
		`<https://x/?after=a>; rel=next, <https://x/?after=b>; rel=next`, `<%zz?after=a>; rel=next`,
	} {
		if got, err := nextCursor(http.Header{"Link": {link}}); err == nil {
			t.Errorf("%s: no error, but %q", link, got)
		}
	}
	if got, err := nextCursor(http.Header{"Link": {`<https://x/?after=p>; rel="prev"`, `<https://x/?after=c>; rel="next"`}}); got != "c" || err != nil {
		t.Errorf("two headers: %q, %v", got, err)
	}
}

// FuzzNextCursor looks for a header that never ends, or that says next and is taken for the last page.
func FuzzNextCursor(f *testing.F) {
	for _, seed := range []string{
		`<https://x/?after=c>; rel="next"`, `<https://x/?before=b>; rel="prev", <https://x/?after=c>; rel="next"`, `<`, `<>`, `<>;rel=next`, `,,<,>`, `<a,b>;rel=next;rel=prev`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, link string) {
		got, err := nextCursor(http.Header{"Link": {link}})
		if err != nil && got != "" {
			t.Errorf("%q beside error %v", got, err)
		}
		if target := "<https://api.github.com/x?after=" + url.QueryEscape("c "+link) + `>; rel="next"`; err == nil && got == "" && !strings.Contains(link, "<") {
			more, err := nextCursor(http.Header{"Link": {target, link}})
			if more != "c "+link || err != nil {
				t.Errorf("a next page got lost: %q, %v", more, err)
			}
		}
	})
}

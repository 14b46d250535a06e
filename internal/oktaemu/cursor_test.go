package oktaemu

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// nextOf is the next page's URL, from the headers or the body.
func nextOf(t *testing.T, a answer) string {
	t.Helper()
	if links := a.header.Values("Link"); len(links) == 2 {
		return linkTarget(links[1])
	}
	links, _ := a.object(t)["_links"].(map[string]any)
	next, _ := links["next"].(map[string]any)
	target, _ := next["href"].(string)
	if target == "" {
		t.Fatalf("no next page: %v %s", a.header.Values("Link"), a.body)
	}
	return target
}

func TestOnlyTheListItselfTakesItsCursor(t *testing.T) {
	t.Parallel()
	w := acme(t)
	cursor := func(target string) string {
		u, err := url.Parse(nextOf(t, w.get(target)))
		if err != nil {
			t.Fatal(err)
		}
		return u.Query().Get("after")
	}
	const users, roles = "/api/v1/users?limit=1", "/api/v1/iam/roles?limit=1"
	given := cursor(users)
	w.get("/api/v1/users?limit=2&after=" + given) // the size of a page may change
	if again := cursor(users); again != given {
		t.Errorf("cursors of the same place: %s and %s", given, again)
	}
	mangled := strings.Map(func(r rune) rune {
		if r == rune(given[0]) {
			return 'x' + rune(given[0]&1)
		}
		return r
	}, given)
	for _, target := range []string{
		users + "&after=abc", users + "&after=1", users + "&after=" + mangled, users + "&after=" + given + "A", users + "&after=" + given[:len(given)-2],
		users + "&q=a&after=" + given, "/api/v1/groups?after=" + given, "/api/v1/apps?after=" + given, "/api/v1/logs?after=" + given,
		"/api/v1/logs?limit=0&after=" + given, roles + "&after=" + given, "/api/v1/iam/assignees/users?after=" + given,
		users + "&after=" + cursor(roles), "/api/v1/logs?sortOrder=ASCENDING&after=" + cursor("/api/v1/logs"),
	} {
		w.refused("GET", target, "", 400, "E0000001")
	}
	w.refused("GET", "/api/v1/logs?until="+time.Now().UTC().Format(time.RFC3339)+"&after="+cursor("/api/v1/logs"), "", 400, "E0000001")
}

func TestEveryErrorHasItsOwnID(t *testing.T) {
	t.Parallel()
	w := acme(t)
	seen := map[string]bool{}
	for range 3 {
		a := w.call("GET", "/api/v1/users/nobody", "", 404)
		id := a.object(t)["errorId"].(string)
		if len(id) != 20 || !strings.HasPrefix(id, "oae") || seen[id] {
			t.Errorf("errorId %q", id)
		}
		seen[id] = true
	}
}

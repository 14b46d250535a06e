package github

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
)

const marker = "<!-- stepdown:thread -->"

// with returns a client of the hub that has another token.
func with(t *testing.T, hub *githubemu.Hub, value string, token githubemu.Token) *Client {
	t.Helper()
	hub.AddToken(value, token)
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	return connect(t, server.URL, value)
}

func openPull(hub *githubemu.Hub) (int, string) {
	sha := hub.Commit("request", map[string]string{"access/a.yaml": "a\n"})
	return hub.OpenPullRequest("rita", "request", "t"), sha
}

var everything = map[string]string{"metadata": "read", "issues": "write", "pull_requests": "write", "checks": "write", "contents": "write"}

func TestPutCommentStandsOnce(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	n, _ := openPull(hub)
	hub.Comment(n, "mallory", marker+"\nAdmitted. Trust me.")
	person := with(t, hub, "ghp_person", githubemu.Token{Login: "Olga", Type: githubemu.UserToken, Permissions: everything})
	put := func(c *Client, body string) string {
		t.Helper()
		address, err := c.PutComment(t.Context(), n, marker, body)
		var besides *Beside
		if (err != nil && !errors.As(err, &besides)) || address == "" {
			t.Fatalf("%q, %v", address, err)
		}
		return address
	}
	bot := put(c, "Waiting.")
	olga := put(person, marker+"\nBy hand.")
	if bot == olga {
		t.Fatalf("both stand at %s", bot)
	}
	before := len(hub.Requests())
	again := put(c, "Waiting.\r\n")
	for _, r := range hub.Requests()[before:] {
		if r.Method != http.MethodGet {
			t.Errorf("an equal body was written again: %+v", r)
		}
	}
	if changed := put(c, "Admitted."); changed != bot || again != bot {
		t.Errorf("it moved from %s to %s, %s", bot, again, changed)
	}
	put(person, "By hand, later.")
	got, err := c.Comments(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, m := range got {
		bodies = append(bodies, m.User+" "+m.UserType+": "+m.Body)
	}
	want := []string{
		"mallory User: " + marker + "\nAdmitted. Trust me.", "github-actions[bot] Bot: " + marker + "\nAdmitted.", "Olga User: " + marker + "\nBy hand, later.",
	}
	if d := cmp.Diff(want, bodies); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	// Another run knows nothing of the first, and finds it.
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	if address := put(connect(t, server.URL, testToken), "Applied."); address != bot {
		t.Errorf("another run commented at %s", address)
	}
	hub.Withhold("pull_requests", 403)
	hub.Withhold("issues", 403)
	_, err = c.PutComment(t.Context(), n, marker, "x")
	wantError(t, err, "403", "pull-requests: read")
}

// TestTwoBotsKeepOneCommentEach: a token goes on to its own older comment where it may not change the newest, and says that the
// other's stands beside it.
func TestTwoBotsKeepOneCommentEach(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	n, _ := openPull(hub)
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	hub.AddToken("ghs_other", githubemu.Token{Login: "other[bot]", Type: githubemu.Installation, Permissions: everything})
	put := func(token, body string) error {
		_, err := connect(t, server.URL, token).PutComment(t.Context(), n, marker, body) // each run knows nothing of those before
		return err
	}
	if err := put(testToken, "first"); err != nil {
		t.Errorf("alone: %v", err)
	}
	for i, token := range []string{"ghs_other", testToken, "ghs_other", testToken} {
		err := put(token, fmt.Sprintf("%d", i))
		var besides *Beside
		if want := map[string]string{"ghs_other": "github-actions[bot]", testToken: "other[bot]"}[token]; !errors.As(err, &besides) || besides.User != want || !strings.Contains(besides.URL, "#issuecomment-") {
			t.Errorf("%s: %v, want %s beside it", token, err, want)
		}
	}
	var got []string
	for _, m := range hub.Comments(n) {
		got = append(got, m.User+" "+strings.TrimPrefix(m.Body, marker+"\n"))
	}
	if d := cmp.Diff([]string{"github-actions[bot] 3", "other[bot] 2"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, err := c.PutComment(t.Context(), n, marker, "3"); err == nil {
		t.Error("an equal body: it does not say that the other's stands beside it")
	}
}

// TestOwnComment: what somebody else wrote under the marker, a person or another bot, is nobody's word.
func TestOwnComment(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	n, _ := openPull(hub)
	person := with(t, hub, "ghp_person", githubemu.Token{Login: "olga", Type: githubemu.UserToken, Permissions: everything})
	own := func(c *Client, want string) {
		t.Helper()
		if got, err := c.OwnComment(t.Context(), n, marker); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	hub.Comment(n, "mallory", marker+"\nby a person")
	hub.Comment(n, "echo[bot]", marker+"\nby another bot", githubemu.CommentByBot())
	own(c, "")
	own(person, "")
	if _, err := c.PutComment(t.Context(), n, marker, "ours"); err == nil {
		t.Error("it does not say that another bot's stands beside it")
	}
	hub.Comment(n, "echo[bot]", marker+"\nby another bot, later", githubemu.CommentByBot())
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	for _, c := range []*Client{c, connect(t, server.URL, testToken)} { // one that knows whom it is by now, and one that does not
		own(c, marker+"\nours")
	}
	own(person, "")
	if body := hub.Comments(n)[2].Body; body != marker+"\nours" {
		t.Errorf("it was changed to %q", body)
	}
	hub.Inject(githubemu.Fault{Method: http.MethodPatch, Status: 500})
	if _, err := connect(t, server.URL, testToken).OwnComment(t.Context(), n, marker); err == nil {
		t.Error("an answer that says nothing counts")
	}
	hub.ClearFaults()
	hub.Withhold("pull_requests", 403)
	hub.Withhold("issues", 403)
	_, err := c.OwnComment(t.Context(), n, marker)
	wantError(t, err, "reading the comment", "403")
}

func TestPutCommentOnTraps(t *testing.T) {
	t.Parallel()
	comment := func(id int, user, kind, body string) string {
		return fmt.Sprintf(`{"id":%d,"user":{"login":%q,"type":%q},"body":%q,"html_url":"https://x/%d","created_at":"2026-01-02T03:04:05Z","issue_url":"https://api.github.com/repos/acme/okta-access/issues/1"}`, id, user, kind, body, id)
	}
	list := func(items ...string) []string { return one("[" + strings.Join(items, ",") + "]") }
	const bot, person = `403 {"message":"Resource not accessible by integration"}`, `{"login":"olga"}`
	made := one("201 " + comment(9, "us[bot]", "Bot", "x"))
	for name, test := range map[string]struct {
		who     string
		list    []string
		patch   []string
		post    []string
		want    string // address, or what the error says
		isError bool
	}{
		"newest of ours":         {bot, list(comment(1, "us[bot]", "Bot", marker), comment(2, "us[bot]", "Bot", marker)), one(comment(2, "us[bot]", "Bot", "x")), nil, "https://x/2", false},
		"another bot's":          {bot, list(comment(1, "them[bot]", "Bot", marker)), one(`403 {"message":"no"}`), made, "https://x/9", false},
		"deleted meanwhile":      {bot, list(comment(1, "us[bot]", "Bot", marker)), one(`404 {"message":"Not Found"}`), made, "https://x/9", false},
		"a person's":             {bot, list(comment(1, "eve", "User", marker)), nil, made, "https://x/9", false},
		"a deleted account's":    {bot, one("[" + strings.Replace(comment(1, "", "", marker), `{"login":"","type":""}`, "null", 1) + "]"), nil, made, "https://x/9", false},
		"a bot's to a person":    {person, list(comment(1, "us[bot]", "Bot", marker)), nil, made, "https://x/9", false},
		"marker further down":    {bot, list(comment(1, "us[bot]", "Bot", "> "+marker)), nil, made, "https://x/9", false},
		"organisation is no bot": {bot, list(comment(1, "acme", "Organization", marker)), nil, made, "https://x/9", false},
		"change refused":         {bot, list(comment(1, "us[bot]", "Bot", marker)), one(`422 {"message":"body is too long"}`), made, "422", true},
		"change lost":            {bot, list(comment(1, "us[bot]", "Bot", marker)), one("drop"), made, "EOF", true},
		"answer of another":      {bot, list(), nil, one("201 " + strings.Replace(comment(9, "us[bot]", "Bot", "x"), "issues/1", "issues/2", 1)), "issues/2", true},
		"answer is null":         {bot, list(), nil, one("201 null"), "no id", true},
		"made, answer lost":      {bot, list(), nil, one("drop"), "EOF", true},
		"made, 502":              {bot, list(), nil, one("502 {}"), "502", true},
		"who is null":            {`null`, list(), nil, made, "whose the token is", true},
		"who is refused":         {`401 {"message":"Bad credentials"}`, list(), nil, made, "401", true},
		"who is limited":         {`429 {}`, list(), nil, made, "429", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := serve(t, map[string][]string{"GET //user": one(test.who), "GET /issues/1/comments": test.list, "PATCH /issues/comments/1": test.patch, "PATCH /issues/comments/2": test.patch, "POST /issues/1/comments": test.post})
			if name == "who is limited" {
				s.header = func(*http.Request) http.Header { return http.Header{"Retry-After": {"3600"}} }
			}
			got, err := c.PutComment(t.Context(), 1, marker, "x")
			var besides *Beside
			if name == "another bot's" && errors.As(err, &besides) {
				err = nil
			}
			if test.isError {
				wantError(t, err, test.want, "commenting on pull request 1")
			} else if err != nil || got != test.want {
				t.Errorf("%s, %v; want %s", got, err, test.want)
			}
			if n := s.count("P"); n > 2 || s.count("POST") > 1 || s.count("PATCH") > 1 {
				t.Errorf("a write was sent again: %q", s.requests())
			}
		})
	}
	s, c := serve(t, nil)
	for _, bad := range []string{"", "stepdown", "<!-- a", "<!-- a --> b -->", "<!-- a\n-->", "x<!-- a -->"} {
		_, err := c.PutComment(t.Context(), 1, bad, "x")
		wantError(t, err, "marker")
	}
	_, err := c.PutComment(t.Context(), 1, marker, "\xff")
	wantError(t, err, "not UTF-8")
	if len(s.requests()) != 0 {
		t.Errorf("it sent %q", s.requests())
	}
}

func TestLongTextsAreCut(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	n, sha := openPull(hub)
	long := "```json\n" + strings.Repeat("{\"text\": \"äöü𝄞\"}\n", 20_000)
	if _, err := c.PutComment(t.Context(), n, marker, long); err != nil {
		t.Fatal(err)
	}
	body := hub.Comments(n)[0].Body
	if !strings.HasSuffix(body, "}\n\n```\n"+cutNote) || utf16Length(body) >= maxCommentBody || utf16Length(body) < maxCommentBody-200 {
		t.Errorf("%d long, ends %q", utf16Length(body), body[len(body)-150:])
	}
	if err := c.PutCheckRun(t.Context(), sha, access.CheckRun{Name: "stepdown", Title: "t", Status: "queued", Summary: long}); err != nil {
		t.Fatal(err)
	}
	if summary := hub.CheckRuns(sha)[0].Summary; len(summary) > maxSummary || !strings.HasSuffix(summary, cutNote) {
		t.Errorf("%d bytes", len(summary))
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	limit := len(cutNote) + 40
	for text, want := range map[string]string{
		"short\n":                                         "short\n",
		strings.Repeat("x", 200):                          strings.Repeat("x", 40) + cutNote,
		strings.Repeat("ä", 200):                          strings.Repeat("ä", 20) + cutNote,
		"one\n" + strings.Repeat("y", 200):                "one\n" + cutNote,
		"~~~~ sh\na\n~~~\nb\n" + strings.Repeat("y", 200): "~~~~ sh\na\n~~~\nb\n\n~~~~\n" + cutNote,
		"```\na\n```\nb\n" + strings.Repeat("y", 200):     "```\na\n```\nb\n" + cutNote,
		"    ```\nb\n" + strings.Repeat("y", 200):         "    ```\nb\n" + cutNote,
		"```a`b\nc\n" + strings.Repeat("y", 200):          "```a`b\nc\n" + cutNote,
		"<details>\nb\n" + strings.Repeat("y", 200):       "<details>\nb\n\n</details>\n" + cutNote,
	} {
		got := fit(text, limit, byteLength)
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if len(got) > limit {
			t.Errorf("%q has %d bytes, more than %d", got, len(got), limit)
		}
	}
}

func TestPutCheckRun(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	_, sha := openPull(hub)
	other := with(t, hub, "ghs_other", githubemu.Token{Login: "other[bot]", Type: githubemu.Installation, Permissions: everything})
	run := access.CheckRun{Name: "stepdown", ExternalID: "7", Status: "in_progress", Title: "Waiting", Summary: "for approval", DetailsURL: "https://example.com/x"}
	put := func(c *Client, run access.CheckRun) {
		t.Helper()
		if err := c.PutCheckRun(t.Context(), sha, run); err != nil {
			t.Fatal(err)
		}
	}
	put(c, run)
	put(other, run) // cannot change ours, and makes its own
	run.Status, run.Conclusion, run.Title = "completed", "success", "Applied"
	put(c, run)
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	run.Title = "Applied, in another run"
	put(connect(t, server.URL, testToken), run)
	run.ExternalID, run.Title = "8", "Another request"
	put(c, run)
	var got []string
	for _, r := range hub.CheckRuns(sha) {
		got = append(got, fmt.Sprintf("%s %s %s%s %s", r.Name, r.ExternalID, r.Status, r.Conclusion, r.Title))
	}
	want := []string{
		"stepdown 7 completedsuccess Applied, in another run", "stepdown 7 in_progress Waiting", "stepdown 8 completedsuccess Another request",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	person := with(t, hub, "ghp_person", githubemu.Token{Login: "olga", Type: githubemu.UserToken, Permissions: everything})
	err := person.PutCheckRun(t.Context(), sha, run)
	wantError(t, err, "403", "checks: write")
	for _, bad := range []func(*access.CheckRun){
		func(r *access.CheckRun) { r.Name = "" }, func(r *access.CheckRun) { r.Title = "" }, func(r *access.CheckRun) { r.Status = "done" },
		func(r *access.CheckRun) { r.Conclusion = "" }, func(r *access.CheckRun) { r.Conclusion = "skipped" }, func(r *access.CheckRun) { r.Status = "queued" },
	} {
		broken := run
		bad(&broken)
		if err := c.PutCheckRun(t.Context(), sha, broken); err == nil {
			t.Errorf("no error for %+v", broken)
		}
	}
}

func TestPutCheckRunOnTraps(t *testing.T) {
	t.Parallel()
	item := func(id int, sha, name string) string {
		return fmt.Sprintf(`{"id":%d,"head_sha":%q,"name":%q,"external_id":"7","app":{"id":5}}`, id, sha, name)
	}
	list := "GET /commits/" + shaA + "/check-runs"
	for name, answers := range map[string]map[string][]string{
		"list is null":      {list: one(`null`)},
		"no list":           {list: one(`{"total_count":1}`)},
		"null in it":        {list: one(`{"check_runs":[null]}`)},
		"of another commit": {list: one(`{"check_runs":[` + item(1, shaB, "n") + `]}`)},
		"answer is null":    {list: one(`{"check_runs":[]}`), "POST /check-runs": one(`201 null`)},
		"answer of another": {list: one(`{"check_runs":[]}`), "POST /check-runs": one("201 " + item(1, shaB, "n"))},
		"answer lost":       {list: one(`{"check_runs":[]}`), "POST /check-runs": one("drop")},
		"change lost":       {list: one(`{"check_runs":[` + item(1, shaA, "n") + `]}`), "PATCH /check-runs/1": one("503 {}"), "POST /check-runs": one("201 " + item(2, shaA, "n"))},
		"redirected":        {list: one(`{"check_runs":[]}`), "POST /check-runs": one("307 {}")},
	} {
		s, c := serve(t, answers)
		if err := c.PutCheckRun(t.Context(), shaA, access.CheckRun{Name: "n", ExternalID: "7", Title: "t", Status: "queued"}); err == nil {
			t.Errorf("%s: no error", name)
		}
		if s.count("P") > 1 {
			t.Errorf("%s: a write was sent again: %q", name, s.requests())
		}
	}
	s, c := serve(t, map[string][]string{
		list: one(`{"check_runs":[` + item(1, shaA, "n") + "," + item(3, shaA, "n") + "," + item(9, shaA, "other") + `]}`), "PATCH /check-runs/3": one(item(3, shaA, "n")),
	})
	for range 2 {
		if err := c.PutCheckRun(t.Context(), shaA, access.CheckRun{Name: "n", ExternalID: "7", Title: "t", Status: "queued"}); err != nil {
			t.Error(err)
		}
	}
	if s.count("PATCH /check-runs/3") != 2 || s.count("GET") != 1 || strings.Contains(strings.Join(s.requests(), ""), "conclusion") {
		t.Errorf("%q", s.requests())
	}
}

func TestOpenIssue(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	openPull(hub)
	person := with(t, hub, "ghp_person", githubemu.Token{Login: "olga", Type: githubemu.UserToken, Permissions: everything})
	first, err := person.OpenIssue(t.Context(), "Review\nthe break-glass", marker, "By a person, who is not us.", true)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := c.OpenIssue(t.Context(), "Review the break-glass", marker, "Please.", true)
	if err != nil || ours == first {
		t.Fatalf("%s, %v", ours, err)
	}
	for range 2 {
		if again, err := c.OpenIssue(t.Context(), "Review the break-glass", marker, "Please.", true); err != nil || again != ours {
			t.Errorf("%s, %v", again, err)
		}
	}
	if again, err := person.OpenIssue(t.Context(), "Review the break-glass", marker, "By a person, who is not us.", true); err != nil || again != first {
		t.Errorf("%s, %v", again, err)
	}
	if another, err := c.OpenIssue(t.Context(), "chore: bump", marker, "Nothing to see here.", true); err != nil || another == ours {
		t.Errorf("an issue with the marker that says something else stands for it: %s, %v", another, err)
	}
	if again, err := c.OpenIssue(t.Context(), "Review the break-glass", marker, "Please, once more.", false); err != nil || again != ours {
		t.Errorf("a text that is another each time: %s, %v", again, err)
	}
	if other, err := c.OpenIssue(t.Context(), "Another", "<!-- stepdown:other -->", "", true); err != nil || other == ours {
		t.Errorf("%s, %v", other, err)
	}
	issues := hub.Issues()
	if len(issues) != 4 || issues[0].Title != "Review the break-glass" || issues[1].Body != marker+"\nPlease." {
		t.Errorf("%+v", issues)
	}
	hub.Withhold("issues", 403)
	_, err = c.OpenIssue(t.Context(), "x", "<!-- y -->", "", true)
	wantError(t, err, "403", "issues: read")
	_, err = c.OpenIssue(t.Context(), " \n", marker, "", true)
	wantError(t, err, "no title")
	for name, answers := range map[string][2]string{
		"list is null": {`null`, ``}, "null in it": {`[null]`, ``}, "answer is null": {`[]`, `201 null`}, "answer lost": {`[]`, `drop`}, "502": {`[]`, `502 {}`},
		"of another repository": {`[]`, `201 {"number":1,"url":"https://api.github.com/repos/acme/other/issues/1","html_url":"https://x"}`},
	} {
		s, c := serve(t, map[string][]string{"GET //user": one(`{"login":"olga"}`), "GET /issues": one(answers[0]), "POST /issues": one(answers[1])})
		if got, err := c.OpenIssue(t.Context(), "x", marker, "", true); err == nil || s.count("POST") > 1 {
			t.Errorf("%s: %s, %v, %q", name, got, err, s.requests())
		}
	}
}

// TestWritesThatWouldBeThereTwice are sent again only where GitHub said that it did not take them.
func TestWritesThatWouldBeThereTwice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault githubemu.Fault
		posts int
		ok    bool
	}{
		"secondary limit":  {githubemu.Fault{Status: 403, Header: http.Header{"Retry-After": {"20"}}}, 2, true},
		"limit used up":    {githubemu.Fault{Status: 403, Header: http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"946684830"}}}, 2, true},
		"429":              {githubemu.Fault{Status: 429}, 2, true},
		"limit is an hour": {githubemu.Fault{Status: 403, Header: http.Header{"Retry-After": {"3600"}}}, 1, false},
		"503 with a wait":  {githubemu.Fault{Status: 503, Header: http.Header{"Retry-After": {"1"}}}, 1, false},
		"502":              {githubemu.Fault{Status: 502}, 1, false},
		"500":              {githubemu.Fault{Status: 500}, 1, false},
		"forbidden":        {githubemu.Fault{Status: 403}, 1, false},
		"empty answer":     {githubemu.Fault{Status: 201}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				hub, c := inMemory(t, githubemu.Options{})
				openPull(hub)
				test.fault.Method, test.fault.Count = http.MethodPost, 1
				hub.Inject(test.fault)
				started := time.Now()
				_, err := c.PutComment(t.Context(), 1, marker, "x")
				if (err == nil) != test.ok || len(hub.Comments(1)) > 1 {
					t.Errorf("%v; %d comments", err, len(hub.Comments(1)))
				}
				posts := 0
				for _, r := range hub.Requests() {
					if r.Method == http.MethodPost {
						posts++
					}
				}
				if posts != test.posts || time.Since(started) > 2*maxWait {
					t.Errorf("it was sent %d times, want %d, in %s", posts, test.posts, time.Since(started))
				}
			})
		})
	}
	for name, fault := range map[string]githubemu.Fault{"dropped": {DropAfter: true}, "dropped before": {DropBefore: true}, "truncated": {Truncate: true}} {
		hub, c := start(t)
		openPull(hub)
		fault.Method, fault.Count = http.MethodPost, 1
		hub.Inject(fault)
		if _, err := c.PutComment(t.Context(), 1, marker, "x"); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := c.PutComment(t.Context(), 1, marker, "x"); err != nil || len(hub.Comments(1)) != 1 {
			t.Errorf("%s, called again: %v, %d comments", name, err, len(hub.Comments(1)))
		}
	}
}

func TestHintsNameThePermission(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ method, path, want string }{
		{"GET", "/repos/o/r/pulls", "pull-requests: read"},
		{"GET", "/repos/o/r/pulls/1/files", "pull-requests: read"},
		{"GET", "/repos/o/r/commits/x/pulls", "pull-requests: read"},
		{"GET", "/repos/o/r/commits/x/check-runs", "checks: read"},
		{"POST", "/repos/o/r/check-runs", "checks: write"},
		{"PATCH", "/repos/o/r/check-runs/1", "checks: write"},
		{"GET", "/repos/o/r/issues/1/comments", "pull-requests: read"},
		{"GET", "/repos/o/r/issues/1/events", "pull-requests: read"},
		{"POST", "/repos/o/r/issues/1/comments", "pull-requests: write"},
		{"PATCH", "/repos/o/r/issues/comments/1", "pull-requests: write"},
		{"POST", "/repos/o/r/issues", "issues: write"},
		{"GET", "/repos/o/r/issues", "issues: read"},
		{"GET", "/repos/o/r/git/ref/heads/pulls", "contents: read"},
		{"POST", "/repos/o/r/git/refs", "contents: write"},
		{"PATCH", "/repos/o/r/git/refs/heads/x", "contents: write"},
		{"GET", "/repos/o/r/contents/pulls/x", "contents: read"},
		{"GET", "/api/v3/repos/o/r/activity", "contents: read"},
		{"GET", "/repos/o/r/codeowners/errors", "contents: read"},
		{"GET", "/repos/o/r/branches/main", "contents: read"},
		{"GET", "/repos/o/r/rules/branches/main", "metadata: read"},
		{"GET", "/repos/o/r", "metadata: read"},
		{"GET", "/repos/o/r/collaborators/a/permission", "metadata: read"},
		{"GET", "/repos/o/r/environments/production", "actions: read"},
		{"GET", "/repos/o/r/actions/permissions/workflow", "administration: read"},
		{"GET", "/repos/o/r/actions/runs/7", "actions: read"},
		{"GET", "/orgs/o/teams/t/memberships/a", "members: read"},
	} {
		text := permission(&http.Response{}, &Error{Method: test.method, Path: test.path}, false)
		if !strings.Contains(text, test.want) {
			t.Errorf("%s %s: %s, want %s", test.method, test.path, text, test.want)
		}
		if byApp := permission(&http.Response{}, &Error{Method: test.method, Path: test.path}, true); !strings.Contains(byApp, test.want) ||
			strings.Contains(byApp, "the job needs") || strings.Contains(byApp, "github-token") {
			t.Errorf("%s %s, by an App: %s", test.method, test.path, byApp)
		}
		outside := strings.HasPrefix(test.want, "administration") || strings.HasPrefix(test.want, "members")
		if strings.Contains(text, "GitHub App's token") != outside || strings.Contains(text, "the job needs") != (!outside && !strings.HasPrefix(test.want, "metadata")) {
			t.Errorf("%s %s: where to give it: %s", test.method, test.path, text)
		}
	}
}

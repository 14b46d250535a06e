package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// stuck has a run in the Action end stuck: an issue calls for somebody, and the pull request says it.
func (w *siege) stuck() {
	w.t.Helper()
	w.approve("grace")
	w.inAction()
	w.org.Inject(oktaemu.Fault{Method: "DELETE", Path: "/api/v1/users/{user}/roles/{assignment}", Status: 403})
	if got := w.run("apply"); got != 4 {
		w.t.Fatalf("exit code %d\n%s", got, w.out)
	}
	w.org.ClearFaults()
	w.shows(1, "<!-- stepdown:stage stuck ")
}

// byHand runs it as a person does, who writes nothing on GitHub but the ledger.
func (w *siege) byHand(args ...string) {
	w.t.Helper()
	delete(w.env, "GITHUB_ACTIONS")
	if got := w.run(args...); got != 0 {
		w.t.Fatalf("by hand: exit code %d\n%s", got, w.out)
	}
	w.inAction()
}

// sweeps runs a sweep in the Action, which has nothing to end, and returns the requests to GitHub that changed something but the ledger.
func (w *siege) sweeps() (wrote []string) {
	w.t.Helper()
	before := len(w.hub.Requests())
	if got := w.run("sweep"); got != 0 || !strings.Contains(w.out, "no lease is due") {
		w.t.Errorf("exit code %d\n%s", got, w.out)
	}
	for _, r := range w.hub.Requests()[before:] {
		if r.Method != "GET" && !strings.Contains(r.Path, "/git/") {
			wrote = append(wrote, r.Method+" "+r.Path)
		}
	}
	return wrote
}

// shows holds the one comment of the program's on a pull request or an issue against what it should say.
func (w *siege) shows(number int, want string) {
	w.t.Helper()
	var own []string
	for _, c := range w.hub.Comments(number) {
		if c.UserType == "Bot" {
			own = append(own, c.Body)
		}
	}
	if len(own) != 1 || !strings.Contains(own[0], want) {
		w.t.Errorf("%d shows %q, want %q\n%s", number, own, want, w.out)
	}
}

// issue opens an issue by a token.
func (w *siege) issue(token, body string) {
	w.t.Helper()
	text, _ := json.Marshal(map[string]string{"title": "STUCK: look here", "body": body})
	req, err := http.NewRequestWithContext(w.t.Context(), "POST", w.hubURL+"/repos/acme/okta-access/issues", bytes.NewReader(text))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != http.StatusCreated {
		w.t.Fatalf("status %d", resp.StatusCode)
	}
}

// TestASweepShowsWhatSomebodyElseEnded: a lease that is stuck is ended by hand, and the next sweep on GitHub, which finds nothing due,
// closes its issue and corrects the pull request, once.
func TestASweepShowsWhatSomebodyElseEnded(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.stuck()
	lease := w.lastLease().ID
	w.byHand("sweep")
	w.shows(1, "<!-- stepdown:stage stuck ")
	wrote := w.sweeps()
	issue := w.hub.Issues()[0]
	if issue.State != "closed" || !strings.Contains(w.out, "lease "+lease+" is undone: its issue is closed: ") {
		t.Errorf("the issue is %s\n%s", issue.State, w.out)
	}
	w.shows(issue.Number, "What it gave was taken back, and that is proved.")
	w.shows(1, "<!-- stepdown:stage undone ")
	if len(wrote) == 0 || strings.Contains(w.out, "::warning") {
		t.Errorf("it wrote %q\n%s", wrote, w.out)
	}
	if wrote := w.sweeps(); len(wrote) > 0 {
		t.Errorf("the next sweep wrote %q", wrote)
	}
}

// TestASweepClosesItsOwnIssue, of a lease that it ends itself, and looks at issues only once that is done.
func TestASweepClosesItsOwnIssue(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.stuck()
	before := len(w.hub.Requests())
	w.once("DELETE", "", func() {
		for _, r := range w.hub.Requests()[before:] {
			if strings.Contains(r.Path, "/issues?") {
				t.Error("the issues are read before the role is removed")
			}
		}
	})
	if got := w.run("sweep"); got != 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	if issue := w.hub.Issues()[0]; issue.State != "closed" {
		t.Errorf("the issue is %s\n%s", issue.State, w.out)
	}
	w.shows(1, "<!-- stepdown:stage undone ")
}

// TestIssuesThatASweepLeavesOpen are those of a lease that is open, of one that nobody knows, and of somebody else.
func TestIssuesThatASweepLeavesOpen(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.stuck()
	ended := w.lastLease().ID
	w.org.Inject(oktaemu.Fault{Method: "DELETE", Path: "/api/v1/users/{user}/roles/{assignment}", Status: 403})
	if got := w.run("sweep"); got != 4 || w.hub.Issues()[0].State != "open" {
		t.Errorf("the lease is open: exit code %d, issue %+v\n%s", got, w.hub.Issues(), w.out)
	}
	w.org.ClearFaults()
	if got := w.run("sweep"); got != 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	marker := func(id string) string { return "<!-- stepdown:stuck " + id + " -->\nIt is stuck." }
	for value, token := range map[string]githubemu.Token{
		"person": {Login: "mallory", Type: githubemu.UserToken, Permissions: map[string]string{"issues": "write"}},
		"robot":  {Login: "other[bot]", Type: githubemu.Installation, Permissions: map[string]string{"issues": "write"}},
	} {
		w.hub.AddToken(value, token)
		w.issue(value, marker(ended))
	}
	w.issue(hubToken, marker("20200101-000000-none"))
	w.issue(hubToken, "It says "+marker(ended))
	w.sweeps()
	for _, issue := range w.hub.Issues()[1:] {
		if issue.State != "open" {
			t.Errorf("it closed %+v\n%s", issue, w.out)
		}
		if comments := w.hub.Comments(issue.Number); issue.User == "mallory" && len(comments) > 0 {
			t.Errorf("it wrote on a person's issue: %+v", comments)
		}
	}
	for _, want := range []string{`of lease "20200101-000000-none", which the ledger does not have`, `it is of "other[bot]"`} {
		if !strings.Contains(w.out, want) {
			t.Errorf("it does not say %q:\n%s", want, w.out)
		}
	}
}

// TestASweepThatMayNotReadIssues warns, and has done its work.
func TestASweepThatMayNotReadIssues(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.stuck()
	w.byHand("sweep")
	w.hub.Withhold("issues", 403)
	w.sweeps()
	if !strings.Contains(w.out, "issues of leases that are over may still be open: ") || w.hub.Issues()[0].State != "open" {
		t.Errorf("it does not say so:\n%s", w.out)
	}
}

// TestASweepCorrectsAStaleComment where no issue leads to it: the run was killed, and its lease ended by hand. Who ended it has two
// minutes to say so.
func TestASweepCorrectsAStaleComment(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ago  time.Duration
		want string
	}{
		"an hour ago":  {time.Hour, "undone"},
		"just now":     {0, "open"},
		"two days ago": {48 * time.Hour, "open"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			w.inAction()
			head, at := w.hub.Head("change"), time.Now().Add(-c.ago)
			terms, book := w.terms(at.UTC().Format("20060102-150405-")+"lost"), w.book(ledgerKey)
			terms.OpenedAt, terms.EndsAt = at, at.Add(time.Minute)
			terms.Approval = &access.Approval{Repository: "acme/okta-access", PullRequest: 1, HeadSHA: head}
			_, err := book.Open(t.Context(), terms, at)
			for _, state := range []access.State{access.StateReady, access.StateUndoing, access.StateUndone} {
				if err == nil {
					_, err = book.Append(t.Context(), terms.ID, access.Entry{State: state, At: at})
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			w.hub.Comment(1, "github-actions[bot]", "<!-- stepdown:thread -->\n<!-- stepdown:stage open "+head+" -->\nIt is open.", githubemu.CommentByBot())
			w.sweeps()
			w.shows(1, "<!-- stepdown:stage "+c.want+" ")
		})
	}
}

// TestAWatchLooksAtIssuesNowAndThen, and not in each of its rounds.
func TestAWatchLooksAtIssuesNowAndThen(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.stuck()
	w.byHand("sweep")
	out, end := w.watching()
	until(t, "the issue is closed", out, func() bool { return w.hub.Issues()[0].State == "closed" })
	count := func(part string) (n int) {
		for _, r := range w.hub.Requests() {
			if r.Method == "GET" && strings.Contains(r.Path, part) {
				n++
			}
		}
		return n
	}
	lists, rounds := count("/issues?"), count("/heads/stepdown-ledger")
	if lists == 0 {
		t.Errorf("the issues were not listed: %+v", w.hub.Requests())
	}
	until(t, "it goes on", out, func() bool { return count("/heads/stepdown-ledger") > rounds+3 })
	if got := end(); got != 0 || count("/issues?") != lists {
		t.Errorf("exit code %d; the issues were listed %d times more\n%s", got, count("/issues?")-lists, out)
	}
}

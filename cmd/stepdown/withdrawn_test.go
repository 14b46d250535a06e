package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/ledger"
)

// leases returns what is in the ledger.
func (w *siege) leases() []access.Lease {
	w.t.Helper()
	leases, err := w.book(ledgerKey).Leases(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return leases
}

// another opens a pull request of heidi's for another token of the victim's, as if it had been carried out after the first. It
// returns the number.
func (w *siege) another(id, token string) int {
	w.t.Helper()
	path := "access/" + token + ".yaml"
	w.hub.CommitAs("heidi", token, map[string]githubemu.Entry{path: {Content: strings.ReplaceAll(request, "name: invoice-export", "name: "+token)}})
	n := w.hub.OpenPullRequest("heidi", token, "Another token")
	if _, err := w.org.AddToken(victim, token); err != nil {
		w.t.Fatal(err)
	}
	first := w.leases()[0]
	terms, approval := first.Terms, *first.Approval
	approval.PullRequest, approval.HeadSHA, approval.ManifestPath = n, w.hub.Head(token), path
	terms.ID, terms.Declaration, terms.TokenName, terms.Approval, terms.AddsIntended = id, token, token, &approval, false
	w.closed(terms, w.tokenID(token))
	return n
}

// closed puts a lease into the ledger under which a token was made.
func (w *siege) closed(terms access.Terms, token string) {
	w.t.Helper()
	book := w.book(ledgerKey)
	_, err := book.Open(w.t.Context(), terms, terms.OpenedAt)
	for _, state := range []access.State{
		access.StateReady, access.StateElevated, access.StateCreated, access.StateSteppedDown, access.StateProved, access.StateDelivered, access.StateClosed,
	} {
		if err == nil {
			_, err = book.Append(w.t.Context(), terms.ID, access.Entry{State: state, At: terms.OpenedAt, TokenID: token})
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// read has the org say something.
func (w *siege) read(path string, into any) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.env["OKTA_ORG_URL"]+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "SSWS "+apiToken)
	resp, err := http.DefaultClient.Do(r)
	if err == nil {
		err = errors.Join(json.NewDecoder(resp.Body).Decode(into), resp.Body.Close())
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// tokenID returns the id of the token of that name.
func (w *siege) tokenID(name string) string {
	w.t.Helper()
	var tokens []struct{ ID, Name string }
	w.read("/api/v1/api-tokens", &tokens)
	i := slices.IndexFunc(tokens, func(t struct{ ID, Name string }) bool { return t.Name == name })
	if i < 0 {
		w.t.Fatalf("there is no token %q: %v", name, tokens)
	}
	return tokens[i].ID
}

// customRole returns the one role that the victim holds.
func (w *siege) customRole() access.Role {
	w.t.Helper()
	var roles []struct {
		Role        string
		ResourceSet string `json:"resource-set"`
	}
	w.read("/api/v1/users/"+w.org.UserID(victim)+"/roles", &roles)
	if len(roles) != 1 {
		w.t.Fatalf("roles %+v", roles)
	}
	return access.Role{Type: access.RoleCustom, CustomRole: roles[0].Role, ResourceSet: roles[0].ResourceSet}
}

// later is the id of a lease that was opened after all that there are.
func later(n int) string {
	return fmt.Sprintf("%s-later%d", time.Now().Add(time.Minute).UTC().Format("20060102-150405"), n)
}

// scheduled has a scheduled run look at everything.
func (w *siege) scheduled(want int) {
	w.t.Helper()
	w.onRequest(nil)
	w.event("schedule", w.hub.ScheduleEvent("7 * * * *"))
	if got := w.run("apply"); got != want {
		w.t.Errorf("exit code %d, want %d\n%s", got, want, w.out)
	}
}

// has holds what the victim has against what it should.
func (w *siege) has(roles int, tokens ...string) {
	w.t.Helper()
	if gotRoles, gotTokens := w.org.RolesOf(victim), w.org.TokensOf(victim); len(gotRoles) != roles || !slices.Equal(gotTokens, tokens) {
		w.t.Errorf("the account holds %q and owns %q, want %d roles and %q\n%s", gotRoles, gotTokens, roles, tokens, w.out)
	}
}

// TestTheRoleGoesWithTheLastThatWasGivenIt ends one after the other what two requests gave to one account, of which only the first
// assigned the role.
func TestTheRoleGoesWithTheLastThatWasGivenIt(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.carriedOut()
	second := w.another(later(1), "invoice-report")
	w.hub.Close(1)
	w.scheduled(0)
	w.has(1, "invoice-report")
	w.hub.Close(second)
	w.scheduled(0)
	w.has(0)
}

// TestOneRunEndsAllThatIsWithdrawn: the second end sees what the first has left, and the default branch is read once.
func TestOneRunEndsAllThatIsWithdrawn(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.carriedOut()
	second, third := w.another(later(1), "invoice-report"), w.another(later(2), "invoice-archive")
	for _, n := range []int{1, second, third} {
		w.hub.Close(n)
	}
	before := len(w.hub.Requests())
	w.scheduled(0)
	w.has(0)
	read := 0
	for _, r := range w.hub.Requests()[before:] {
		if r.Method == "GET" && strings.Contains(r.Path, "/contents/access/settings.yaml?") {
			read++
		}
	}
	if read != 1 {
		t.Errorf("the settings were read %d times", read)
	}
	for _, l := range w.leases() {
		if l.State.Open() {
			t.Errorf("lease %s is %s", l.ID, l.State)
		}
	}
}

// TestAMergedRequestKeepsTheRole that another, which is withdrawn, was given too.
func TestAMergedRequestKeepsTheRole(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.carriedOut()
	second := w.another(later(1), "invoice-report")
	w.hub.Merge(1)
	w.hub.Close(second)
	w.scheduled(0)
	w.has(1, "invoice-export")
}

// TestAPullRequestThatIsOpenAgain takes nothing back, and is ended once it is closed for good.
func TestAPullRequestThatIsOpenAgain(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.carriedOut()
	w.hub.Close(1)
	w.event("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request"))
	w.once("GET", "/roles", func() { w.hub.Reopen(1) })
	if got := w.run("apply"); got == 0 || !strings.Contains(w.out, "open again") {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	w.has(1, "invoice-export")
	w.hub.Close(1)
	w.scheduled(0)
	w.has(0)
}

// TestAnEndThatCouldNotBeConfirmedIsTriedAgain: that a removal was given up is not that it was carried out.
func TestAnEndThatCouldNotBeConfirmedIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.carriedOut()
	w.hub.Merge(1)
	n, _ := w.removal("access/invoice-export.yaml")
	w.event("workflow_run", w.hub.WorkflowRunEvent(n, "pull_request_review"))
	w.once("GET", "/roles", func() {
		w.hub.Inject(githubemu.Fault{Method: "GET", Path: fmt.Sprintf("/repos/acme/okta-access/pulls/%d", n), Status: 404})
	})
	if got := w.run("apply"); got == 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	w.has(1, "invoice-export")
	w.hub.ClearFaults()
	w.onRequest(nil)
	if got := w.run("apply"); got != 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	w.has(0)
}

// TestWhatWasGivenLongAgoIsTakenBack: the age of a lease is no reason to forget it. One whose request is merged is settled, and
// costs nothing any more.
func TestWhatWasGivenLongAgoIsTakenBack(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.approve("grace")
	old := time.Now().Add(-90 * 24 * time.Hour).UTC()
	if err := w.org.AssignCustom(victim, "Group reader", "Invoice groups"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.org.AddToken(victim, "invoice-export"); err != nil {
		t.Fatal(err)
	}
	intended := w.customRole()
	for i, n := range []int{1, w.merged()} {
		terms := w.terms(fmt.Sprintf("%s-%d", old.Format("20060102-150405"), i))
		terms.OpenedAt, terms.EndsAt = old, old.Add(time.Minute)
		terms.Intended = intended
		terms.Approval = &access.Approval{Repository: "acme/okta-access", PullRequest: n, HeadSHA: w.hub.Head("change"), ManifestPath: "access/invoice-export.yaml"}
		if i == 1 {
			terms.Account = access.Account{ID: "00uother", Login: "svc-other@acme.example"}
		}
		w.closed(terms, w.tokenID("invoice-export"))
	}
	w.hub.Close(1)
	w.scheduled(0)
	w.has(0)
	for path := range w.hub.Files(ledger.DefaultBranch) {
		if strings.HasSuffix(path, ".json") && !strings.HasPrefix(path, "ended/") {
			t.Errorf("%s is still there", path)
		}
	}
}

// merged opens and merges a pull request of no account, and returns its number.
func (w *siege) merged() int {
	w.hub.CommitAs("heidi", "docs", map[string]githubemu.Entry{"README.md": {Content: "x\n"}})
	n := w.hub.OpenPullRequest("heidi", "docs", "Words")
	w.hub.Merge(n)
	return n
}

// TestABreakGlassRequestHasOneIssue however often it is tried.
func TestABreakGlassRequestHasOneIssue(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.ask("{window: 5s}", "{window: 5s, breakGlass: {reason: the invoices of today}}")
	w.approve("grace")
	w.approve("heidi")
	for range 2 { // nobody makes the token
		if got := w.run("apply", "--comment"); got != 3 {
			t.Fatalf("exit code %d\n%s", got, w.out)
		}
		w.hub.Comment(1, "dana-ops", "/stepdown ready")
	}
	issues := w.hub.Issues()
	if len(issues) != 1 || !strings.Contains(issues[0].Body, w.hub.Head("change")) {
		t.Fatalf("issues %+v", issues)
	}
	outcomes := w.hub.Comments(issues[0].Number)
	if len(outcomes) != 2 { // one for each lease
		t.Fatalf("outcomes %+v", outcomes)
	}
	for _, c := range outcomes {
		says(t, "outcome", c.Body, []string{"Not done. What it gave was taken back, and that is proved.", "for at most", "the window ended"}, "Planned")
	}
	says(t, "comment", w.shown(1), []string{fmt.Sprintf("/issues/%d)", issues[0].Number)})
	w.ask("{window: 5s}", "{window: 6s, breakGlass: {reason: the invoices of today}}")
	w.approve("grace")
	w.approve("heidi")
	if got := w.run("apply"); got != 3 || len(w.hub.Issues()) != 2 {
		t.Errorf("exit code %d, issues %+v\n%s", got, w.hub.Issues(), w.out)
	}
}

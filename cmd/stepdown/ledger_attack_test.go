package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/github"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/ledger"
)

// openBook opens the ledger in the repository, as a run of the program does.
func openBook(t *testing.T, url, key string) *ledger.Branch {
	t.Helper()
	hub, err := github.New(github.Config{
		APIURL: url, Repository: "acme/okta-access", Token: access.NewSecret(hubToken), Transport: &http.Transport{}, UserAgent: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	book, err := ledger.NewBranch(hub, access.NewSecret(key), ledger.BranchOptions{Repository: "acme/okta-access", Actor: "grace", Run: "1"})
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// onLedger commits to the ledger's branch, as anybody who may push can.
func (w *siege) onLedger(who string, change func(files map[string]string) map[string]githubemu.Entry) {
	w.hub.CommitAs(who, ledger.DefaultBranch, change(w.hub.Files(ledger.DefaultBranch)))
}

// leaseFile returns the path of the one lease in the ledger.
func leaseFile(files map[string]string) string {
	for path := range files {
		if strings.Contains(path, "/") && strings.HasSuffix(path, ".json") {
			return path
		}
	}
	return ""
}

// edit changes the text of the lease's file.
func edit(old, with string) func(*siege) {
	return func(w *siege) {
		w.onLedger("mallory", func(files map[string]string) map[string]githubemu.Entry {
			path := leaseFile(files)
			if !strings.Contains(files[path], old) {
				w.t.Fatalf("the lease has no %q: %s", old, files[path])
			}
			return map[string]githubemu.Entry{path: {Content: strings.ReplaceAll(files[path], old, with)}}
		})
	}
}

// ledgerAttack is a way to make a sweep act, or look away. An account is elevated under the one lease, whose run is dead and
// whose window is over.
type ledgerAttack struct {
	name   string
	do     func(*siege)
	undone bool // the sweep takes the role away all the same: what it can verify says so
}

func ledgerAttacks() []ledgerAttack {
	moved := func(to string) func(*siege) {
		return func(w *siege) {
			w.onLedger("mallory", func(files map[string]string) map[string]githubemu.Entry {
				path := leaseFile(files)
				return map[string]githubemu.Entry{path: {Delete: true}, to: {Content: files[path]}}
			})
		}
	}
	return []ledgerAttack{
		{name: "forged", undone: true, do: func(w *siege) {
			w.onLedger("mallory", func(files map[string]string) map[string]githubemu.Entry {
				return map[string]githubemu.Entry{"open/forged.json": {Content: strings.ReplaceAll(files[leaseFile(files)], victim, "ada.admin@acme.example")}}
			})
		}},
		{name: "forged with another key", undone: true, do: func(w *siege) {
			other := newSiege(w.t)
			lease := openBookAt(other, strings.Repeat("k", 40))
			w.onLedger("mallory", func(map[string]string) map[string]githubemu.Entry {
				files := other.hub.Files(ledger.DefaultBranch)
				return map[string]githubemu.Entry{"open/" + lease + ".json": {Content: files[leaseFile(files)]}}
			})
		}},
		{name: "edited", undone: true, do: edit("READ_ONLY_ADMIN", "ORG_ADMIN")},
		{name: "extended", undone: true, do: func(w *siege) {
			edit(time.Now().UTC().Add(-30*time.Minute).Format("2006-01-02"), time.Now().UTC().Add(48*time.Hour).Format("2006-01-02"))(w)
		}},
		{name: "closed early", undone: true, do: func(w *siege) {
			w.onLedger("mallory", func(files map[string]string) map[string]githubemu.Entry {
				path := leaseFile(files)
				closed := strings.Replace(files[path], `"elevated"`, `"undone"`, 1)
				return map[string]githubemu.Entry{path: {Delete: true}, strings.Replace(path, "open/", "ended/", 1): {Content: closed}}
			})
		}},
		{name: "moved to the ended", undone: true, do: moved("ended/moved.json")},
		{name: "under another name", undone: true, do: moved("open/other.json")},
		{name: "removed", undone: true, do: func(w *siege) {
			w.onLedger("mallory", func(files map[string]string) map[string]githubemu.Entry {
				return map[string]githubemu.Entry{leaseFile(files): {Delete: true}}
			})
		}},
		{name: "everything removed", undone: true, do: func(w *siege) {
			w.onLedger("mallory", func(files map[string]string) map[string]githubemu.Entry {
				entries := map[string]githubemu.Entry{"x": {Content: "x"}}
				for path := range files {
					entries[path] = githubemu.Entry{Delete: true}
				}
				return entries
			})
		}},
		{name: "an earlier state on top", undone: true, do: func(w *siege) {
			w.onLedger("mallory", func(files map[string]string) map[string]githubemu.Entry {
				path := leaseFile(files)
				var events []json.RawMessage
				if err := json.Unmarshal([]byte(files[path]), &events); err != nil {
					return map[string]githubemu.Entry{path: {Content: "{}"}}
				}
				first, _ := json.MarshalIndent(events[:1], "", "  ")
				return map[string]githubemu.Entry{path: {Content: string(first)}}
			})
		}},
		{name: "junk on top", undone: true, do: func(w *siege) {
			w.onLedger("mallory", func(map[string]string) map[string]githubemu.Entry {
				return map[string]githubemu.Entry{"note.txt": {Content: "hello"}}
			})
		}},
		{name: "set back", undone: true, do: func(w *siege) {
			pushes := w.hub.Activity(ledger.DefaultBranch)
			w.hub.ForcePush("mallory", ledger.DefaultBranch, pushes[len(pushes)-1].After)
		}},
		{name: "another history", undone: true, do: func(w *siege) { w.hub.ForcePush("mallory", ledger.DefaultBranch, w.hub.Head("main")) }},
		{name: "deleted", undone: true, do: func(w *siege) { w.hub.DeleteBranch("mallory", ledger.DefaultBranch) }},
		{name: "deleted and made again", undone: true, do: func(w *siege) {
			w.hub.DeleteBranch("mallory", ledger.DefaultBranch)
			w.hub.CreateBranch("mallory", ledger.DefaultBranch, w.hub.Head("main"))
		}},
		{name: "unreadable", do: func(w *siege) {
			w.hub.Inject(githubemu.Fault{Method: "GET", Path: "/repos/acme/okta-access/git", Status: 404, Body: `{"message":"Not Found"}`})
		}},
		{name: "pushes unreadable", do: func(w *siege) {
			w.hub.Inject(githubemu.Fault{Method: "GET", Path: "/repos/acme/okta-access/activity", Status: 403, Body: `{"message":"Resource not accessible by integration"}`})
		}},
		{name: "the wrong key", do: func(w *siege) { w.env["STEPDOWN_LEDGER_KEY"] = strings.Repeat("w", 40) }},
	}
}

func openBookAt(w *siege, key string) string {
	w.t.Helper()
	if _, err := w.book(key).Open(w.t.Context(), w.terms("forged"), time.Now()); err != nil {
		w.t.Fatal(err)
	}
	return "forged"
}

// TestAttacksOnTheLedger: whatever is done to the ledger, apply refuses to begin, an audit cannot know, and a sweep neither calls
// it done nor touches anybody whom no lease of this program's names.
func TestAttacksOnTheLedger(t *testing.T) {
	t.Parallel()
	for _, a := range ledgerAttacks() {
		t.Run(strings.ReplaceAll(a.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			before := w.org.RolesOf("ada.admin@acme.example")
			w.elevated()
			a.do(w)
			w.approve("grace")
			if got := w.run("apply"); got != 2 && got != 3 {
				t.Errorf("apply ended with %d\n%s", got, w.out)
			}
			for _, r := range w.org.Requests() {
				if r.Method != "GET" {
					t.Errorf("apply sent %s %s", r.Method, r.Path)
				}
			}
			if got := w.run("audit", "--access", testdata()+"/access/acme", "--fail-on", "none"); got != 5 {
				t.Errorf("audit ended with %d\n%s", got, w.out)
			}
			if got := w.run("sweep"); got != 4 && got != 2 && got != 3 {
				t.Errorf("sweep ended with %d\n%s", got, w.out)
			}
			if held := slices.Contains(w.org.RolesOf(victim), temporary); held == a.undone {
				t.Errorf("after the sweep the account holds %q\n%s", w.org.RolesOf(victim), w.out)
			}
			if after := w.org.RolesOf("ada.admin@acme.example"); !slices.Equal(before, after) {
				t.Errorf("ada.admin held %q and holds %q", before, after)
			}
		})
	}
}

// TestASweepOfASoundLedger: what stops the attacks is not the scenery.
func TestASweepOfASoundLedger(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.elevated()
	if got := w.run("sweep"); got != 0 {
		t.Fatalf("sweep ended with %d\n%s", got, w.out)
	}
	if roles := w.org.RolesOf(victim); len(roles) > 0 {
		t.Errorf("the account holds %q", roles)
	}
	if got := w.run("sweep"); got != 0 || !strings.Contains(w.out, "no lease is due") {
		t.Errorf("the second sweep ended with %d\n%s", got, w.out)
	}
	for path := range w.hub.Files(ledger.DefaultBranch) {
		if strings.HasPrefix(path, "open/") && strings.HasSuffix(path, ".json") {
			t.Errorf("%s is still there", path)
		}
	}
}

// TestALeaseThatNobodyApproved: somebody with the ledger's key makes a lease of what the manifest does not ask for. A sweep does not
// act on it, and an audit is not led to look away.
func TestALeaseThatNobodyApproved(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	terms := w.terms("20260101-000000-forged")
	terms.Temporary, terms.EndsAt = []access.Role{{Type: access.RoleSuperAdmin}}, time.Now().Add(-time.Minute)
	terms.Approval = &access.Approval{
		Repository: "acme/okta-access", PullRequest: 1, HeadSHA: w.hub.Head("change"), ManifestPath: "access/invoice-export.yaml", ManifestSHA256: "00",
	}
	if _, err := w.book(ledgerKey).Open(t.Context(), terms, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := w.org.Assign(victim, access.RoleSuperAdmin); err != nil {
		t.Fatal(err)
	}
	if got := w.run("audit", "--access", testdata()+"/access/acme", "--fail-on", "none"); got != 5 || !strings.Contains(w.out, "not what was approved") {
		t.Errorf("audit ended with %d\n%s", got, w.out)
	}
	if got := w.run("sweep"); got != 4 || !strings.Contains(w.out, "not what was approved") {
		t.Errorf("sweep ended with %d\n%s", got, w.out)
	}
	if roles := w.org.RolesOf(victim); !slices.Equal(roles, []string{access.RoleSuperAdmin}) {
		t.Errorf("the account holds %q", roles)
	}
}

// approvedLease elevates the victim under a lease that says what the manifest of the request does, changed, as somebody can who has
// the ledger's key. Its window is over.
func (w *siege) approvedLease(change func(*access.Terms)) {
	w.t.Helper()
	head, at := w.hub.Head("change"), time.Now().Add(-time.Hour)
	terms := w.terms(at.UTC().Format("20060102-150405") + "-signed")
	terms.Declaration, terms.TokenName, terms.OpenedAt, terms.EndsAt = "invoice-export", "invoice-export", at, at.Add(5*time.Second)
	terms.Names = map[string]string{"cr0x": "Group reader", "iamx": "Invoice groups", "cr0y": "Org admin in all but name"}
	terms.Approval = &access.Approval{
		Repository: "acme/okta-access", PullRequest: 1, HeadSHA: head, ManifestPath: "access/invoice-export.yaml",
		ManifestSHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(request))),
	}
	change(&terms)
	book := w.book(ledgerKey)
	_, err := book.Open(w.t.Context(), terms, at)
	for _, state := range []access.State{access.StateReady, access.StateElevated} {
		if err == nil {
			_, err = book.Append(w.t.Context(), terms.ID, access.Entry{State: state, At: at})
		}
	}
	for _, role := range terms.Temporary {
		if err == nil {
			err = w.org.Assign(victim, role.Type)
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestALeaseOfAnApprovedManifestThatSaysAnotherThing: an audit does not take it for what was approved, nothing is begun beside it,
// and a sweep takes back what it gave, at once where it would last longer than was approved, and says what is wrong with it.
func TestALeaseOfAnApprovedManifestThatSaysAnotherThing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*access.Terms)
		says   string
	}{
		"nothing else":            {func(*access.Terms) {}, ""},
		"another temporary role":  {func(l *access.Terms) { l.Temporary = []access.Role{{Type: "ORG_ADMIN"}} }, "ORG_ADMIN"},
		"one role more":           {func(l *access.Terms) { l.Temporary = append(l.Temporary, access.Role{Type: "ORG_ADMIN"}) }, "ORG_ADMIN"},
		"another role that stays": {func(l *access.Terms) { l.Intended.CustomRole = "cr0y" }, "cr0y"},
		"another resource set":    {func(l *access.Terms) { l.Intended.ResourceSet = "iamz" }, "iamz"},
		"a standard role stays":   {func(l *access.Terms) { l.Intended.Type = access.RoleSuperAdmin }, "SUPER_ADMIN"},
		"a window that is longer": {func(l *access.Terms) { l.EndsAt = time.Now().Add(2 * time.Hour) }, "a window of"},
		"another token":           {func(l *access.Terms) { l.TokenName = "mallory" }, "mallory"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			w.approvedLease(c.change)
			wrong := c.says != ""
			got := w.run("audit", "--access", testdata()+"/access/acme", "--fail-on", "none")
			if (got == 5) != wrong || wrong && !strings.Contains(w.out, "not known to be what was approved") {
				t.Errorf("audit ended with %d\n%s", got, w.out)
			}
			w.approve("grace")
			if got := w.run("apply"); got != 1 || !strings.Contains(w.out, "open lease") {
				t.Errorf("apply ended with %d\n%s", got, w.out)
			}
			w.untouched()
			if got := w.run("sweep"); (got == 1) != wrong || got > 1 || !strings.Contains(w.out, c.says) {
				t.Errorf("sweep ended with %d\n%s", got, w.out)
			}
			if roles := w.org.RolesOf(victim); len(roles) > 0 {
				t.Errorf("after the sweep the account holds %q", roles)
			}
		})
	}
}

// TestALeaseOfAnotherAccountThanWasApproved: a sweep takes nothing from whom no approved manifest names.
func TestALeaseOfAnotherAccountThanWasApproved(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	before := w.org.RolesOf("ada.admin@acme.example")
	w.approvedLease(func(l *access.Terms) {
		l.Account, l.Temporary = access.Account{ID: w.org.UserID("ada.admin@acme.example"), Login: "ada.admin@acme.example"}, []access.Role{{Type: access.RoleSuperAdmin}}
	})
	if got := w.run("sweep"); got != 4 || !strings.Contains(w.out, "not what was approved") {
		t.Errorf("sweep ended with %d\n%s", got, w.out)
	}
	if after := w.org.RolesOf("ada.admin@acme.example"); !slices.Equal(before, after) {
		t.Errorf("ada.admin held %q and holds %q", before, after)
	}
	w.untouched()
}

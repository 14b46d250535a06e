package main

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/githubemu"
)

// attack is a way to have the victim elevated without the approval that it takes, and what it meets.
type attack struct {
	name string
	do   func(*siege)
	rule string // of the admission, that denies it; empty where something else stops it
	says string // in what the run prints
	code int    // of the run; 1 where it is 0
	ok   bool   // the run ends with exit code 0, having done nothing
}

// approved has the request approved as it should be, before do.
func approved(do func(*siege)) func(*siege) {
	return func(w *siege) {
		w.approve("grace")
		do(w)
	}
}

// then has the request approved as it should be, after do: what do changed is approved with it.
func then(do func(*siege)) func(*siege) {
	return func(w *siege) {
		do(w)
		w.approve("grace")
	}
}

func attacks() []attack {
	return append(append(append(approvals(), requests()...), surroundings()...), triggers()...)
}

// approvals are attacks on who approved what, and when.
func approvals() []attack {
	old := func(w *siege) { w.approve("grace", githubemu.AtTime(time.Now().Add(-25*time.Hour))) }
	two := func(w *siege) {
		w.settings("elevation: {", "admission: {approvals: 2}\nelevation: {")
		w.approve("grace")
	}
	team := func(w *siege) {
		w.settings("elevation: {", "admission: {teams: [identity]}\nelevation: {")
		w.hub.AddToken(hubToken, githubemu.Token{Login: "stepdown-acme[bot]", Type: "installation", Permissions: map[string]string{
			"contents": "write", "pull_requests": "write", "issues": "write", "checks": "write", "members": "read", "metadata": "read",
		}})
	}
	return []attack{
		{name: "no review", do: func(*siege) {}, rule: "approved", ok: true},
		{name: "a comment only", do: func(w *siege) { w.hub.Review(1, "grace", "COMMENTED") }, rule: "approved", ok: true},
		{name: "a pending review", do: func(w *siege) { w.hub.Review(1, "grace", "PENDING") }, rule: "approved", ok: true},
		{name: "self-approval", do: func(w *siege) { w.approve("frank") }, rule: "approved", says: "the author"},
		{name: "self-approval in capitals", do: func(w *siege) { w.approve("FRANK") }, rule: "approved", says: "the author"},
		{name: "approval by the last pusher", do: func(w *siege) {
			w.push("mallory", map[string]string{"access/invoice-export.yaml": request + "# more\n"})
			w.approve("mallory")
		}, rule: "approved", says: "pushed"},
		{name: "approval by an earlier pusher", do: func(w *siege) {
			w.push("mallory", map[string]string{"access/invoice-export.yaml": request + "# more\n"})
			w.push("frank", map[string]string{"access/invoice-export.yaml": request})
			w.approve("Mallory")
		}, rule: "approved", says: "pushed"},
		{name: "a bot pushed, and whoever had it push approves", do: func(w *siege) {
			w.push("github-actions[bot]", map[string]string{"access/invoice-export.yaml": request + "# more\n"})
			w.push("frank", map[string]string{"access/invoice-export.yaml": request + "# and more\n"})
			w.approve("mallory")
		}, rule: "pusher_known", says: "nobody can tell"},
		{name: "a bot opened it, and whoever had it do so approves", do: func(w *siege) {
			w.hub.CommitAs("github-actions[bot]", "bot", map[string]githubemu.Entry{"access/invoice-export.yaml": {Content: request}})
			w.hub.SetAuthor(w.hub.OpenPullRequest("github-actions[bot]", "bot", "A token"), "github-actions[bot]", "Bot")
			w.hub.Review(2, "mallory", "APPROVED")
			w.event("workflow_dispatch", w.hub.DispatchEvent(map[string]string{"pull-request": "2"}, "mallory"))
		}, rule: "pusher_known", says: "nobody can tell"},
		{name: "bot approval", do: func(w *siege) { w.approve("github-actions[bot]", githubemu.AsBot()) }, rule: "approved", says: "not a person"},
		{name: "approval by an account that is gone", do: func(w *siege) { w.approve("grace", githubemu.AsDeletedUser()) }, rule: "approved"},
		{name: "second account without authority", do: func(w *siege) { w.hub.SetRole("frank2", "read"); w.approve("frank2") }, rule: "approved", says: "read"},
		{name: "approval by triage", do: func(w *siege) { w.hub.SetRole("tina", "triage"); w.approve("tina") }, rule: "approved"},
		{name: "approval by an outsider", do: func(w *siege) { w.hub.Outsider("oscar"); w.approve("oscar") }, rule: "approved"},
		{name: "custom role called admin that comes to read", do: func(w *siege) { w.hub.SetCustomRole("rex", "admin-of-docs", "read"); w.approve("rex") }, rule: "approved"},
		{name: "drive-by approval in a public repository", do: func(w *siege) { w.hub.SetVisibility("public"); w.approve("passer-by") }, rule: "approved"},
		{name: "dismissed", do: func(w *siege) { w.hub.Dismiss(1, w.approve("grace")) }, rule: "approved"},
		{name: "changes requested later by the same person", do: approved(func(w *siege) { w.hub.Review(1, "grace", "CHANGES_REQUESTED") }), rule: "no_changes_requested"},
		{name: "changes requested by another", do: approved(func(w *siege) { w.hub.Review(1, "heidi", "CHANGES_REQUESTED") }), rule: "no_changes_requested"},
		{name: "a review of a state that nobody knows", do: approved(func(w *siege) { w.hub.Review(1, "grace", "RETRACTED") }), rule: "approved"},
		{name: "push after approval", do: approved(func(w *siege) { w.ask("window: 5s", "window: 6s") }), rule: "approved"},
		{name: "push after approval and back", do: approved(func(w *siege) { w.ask("window: 5s", "window: 6s"); w.ask("window: 5s", "window: 5s") }), rule: "approved"},
		{name: "approval of an earlier commit that GitHub let stand", do: func(w *siege) {
			before := w.hub.Head("change")
			w.ask("window: 5s", "window: 6s")
			w.approve("grace", githubemu.AtCommit(before))
		}, rule: "approved", says: "it is of commit"},
		{name: "approval of the commit of another branch", do: func(w *siege) { w.approve("grace", githubemu.AtCommit(w.hub.Head("main"))) }, rule: "approved", says: "it is of commit"},
		{name: "stale approval", do: old, rule: "approved", says: "old"},
		{name: "approval from the future", do: func(w *siege) { w.approve("grace", githubemu.AtTime(time.Now().Add(time.Hour))) }, rule: "approved", says: "later than now"},
		{name: "one approval where two are needed", do: two, rule: "approved"},
		{name: "one person twice where two are needed", do: func(w *siege) { two(w); w.approve("Grace") }, rule: "approved"},
		{name: "approver outside the team", do: func(w *siege) { team(w); w.hub.AddTeam("identity", "heidi"); w.approve("grace") }, rule: "approved", says: "identity"},
		{name: "approver whose membership is pending", do: func(w *siege) {
			team(w)
			w.hub.AddTeam("identity", "heidi")
			w.hub.PendingMember("identity", "grace")
			w.approve("grace")
		}, rule: "approved", says: "identity"},
		{name: "teams that the token may not see", do: func(w *siege) {
			w.settings("elevation: {", "admission: {teams: [identity]}\nelevation: {")
			w.approve("grace")
		}, rule: "facts_readable", says: "members: read"},
	}
}

// requests are attacks by what the pull request holds.
func requests() []attack {
	also := func(path, content string) func(*siege) {
		return then(func(w *siege) { w.push("frank", map[string]string{path: content}) })
	}
	entry := func(e githubemu.Entry) func(*siege) {
		return then(func(w *siege) {
			w.hub.CommitAs("frank", "change", map[string]githubemu.Entry{"access/invoice-export.yaml": e})
		})
	}
	asking := func(old, with string) func(*siege) { return then(func(w *siege) { w.ask(old, with) }) }
	instead := func(path, content string) func(*siege) {
		return then(func(w *siege) {
			w.hub.CommitAs("frank", "change", map[string]githubemu.Entry{"access/invoice-export.yaml": {Delete: true}, path: {Content: content}})
		})
	}
	return []attack{
		{name: "fork", do: approved(func(w *siege) { w.hub.SetFork(1, "mallory/okta-access") }), rule: "not_a_fork"},
		{name: "fork that was deleted", do: approved(func(w *siege) { w.hub.SetFork(1, "") }), rule: "not_a_fork"},
		{name: "draft", do: approved(func(w *siege) { w.hub.SetDraft(1, true) }), rule: "not_draft"},
		{name: "wrong base", do: approved(func(w *siege) { w.hub.Commit("release", nil); w.hub.SetBase(1, "release") }), rule: "default_branch"},
		{name: "approved against another base, and retargeted", do: func(w *siege) {
			w.hub.Commit("main", nil)
			w.hub.CreateBranch("frank", "smaller", w.hub.Head("change"))
			w.ask("FIN-1234", "FIN-1235")
			w.hub.SetBase(1, "smaller")
			w.approve("grace")
			w.hub.SetBase(1, "main")
		}, rule: "approved", says: "before the base of the pull request changed"},
		{name: "approved before the default branch was rewritten", do: func(w *siege) {
			before := w.hub.Head("main")
			w.hub.Commit("main", map[string]string{"notes.txt": "x"})
			w.approve("grace")
			w.hub.ForcePush("octocat", "main", before)
		}, rule: "approved", says: "base_ref_force_pushed"},
		{name: "approved of a smaller change, which another merge made larger", do: func(w *siege) {
			w.hub.Commit("main", map[string]string{"access/invoice-export.yaml": request})
			w.hub.CommitAs("frank", "a", map[string]githubemu.Entry{"access/invoice-export.yaml": {Delete: true}, "README.md": {Content: "a typo\n"}})
			w.hub.CreateBranch("frank", "b", w.hub.Head("a"))
			w.hub.CommitAs("frank", "b", map[string]githubemu.Entry{"access/invoice-export.yaml": {Content: request}})
			first, second := w.hub.OpenPullRequest("frank", "a", "It is not used any more"), w.hub.OpenPullRequest("frank", "b", "A typo")
			w.hub.Review(second, "grace", "APPROVED")
			w.hub.Merge(first)
			w.event("workflow_run", w.hub.WorkflowRunEvent(second, "pull_request_review"))
		}, rule: "approved", says: "counted from another commit"},
		{name: "closed, and opened again after the approval", do: approved(func(w *siege) { w.hub.Close(1); w.hub.Reopen(1) }), rule: "approved", says: "opened again"},
		{name: "by its id, where the settings tell by the login who approves", do: func(w *siege) {
			w.settings("elevation: {", "elevation: {roles: [{role: READ_ONLY_ADMIN, accounts: [svc-ci-*], teams: [developers]}], ")
			w.push("frank", map[string]string{"access/invoice-export.yaml": strings.Replace(request, victim, w.org.UserID(victim), 1)})
			w.approve("grace")
		}, rule: "account_by_login"},
		{name: "a role with a permission that is forbidden", do: approved(func(w *siege) {
			w.settings("elevation: {", "elevation: {forbiddenPermissions: [okta.groups.read], ")
		}), rule: "role_permissions"},
		{name: "asked for by a bot", do: approved(func(w *siege) { w.hub.SetAuthor(1, "github-actions[bot]", "Bot") }), rule: "author_is_a_person"},
		{name: "closed", do: approved(func(w *siege) { w.hub.Close(1) }), ok: true},
		{name: "closed, and asked for by its number", do: approved(func(w *siege) {
			w.hub.Close(1)
			w.event("workflow_dispatch", w.hub.DispatchEvent(map[string]string{"pull-request": "1"}, "frank"))
		}), rule: "pull_request_open"},
		{name: "merged and then changed on the default branch", do: approved(func(w *siege) {
			w.hub.Merge(1)
			w.hub.Commit("main", map[string]string{"access/invoice-export.yaml": strings.Replace(request, "FIN-1234", "FIN-1", 1)})
		}), rule: "merged_manifest"},
		{name: "two manifests", do: also("access/another.yaml", strings.NewReplacer("invoice-export", "another").Replace(request)), rule: "one_manifest"},
		{name: "two manifests for one account", do: also("access/another.yaml", strings.Replace(request, "name: invoice-export\n", "name: another\n", 1)), rule: "one_manifest"},
		{name: "a second declaration of the account", do: then(func(w *siege) {
			w.hub.Commit("main", map[string]string{"access/first.yaml": strings.Replace(request, "name: invoice-export\n", "name: first\n", 1)})
		}), says: "is declared twice", code: 2},
		{name: "settings changed in the same pull request", do: also("access/settings.yaml", strings.Replace(rulesOfSiege, "30m", "8h", 1)), rule: "only_a_manifest"},
		{name: "settings under another ending", do: also("access/settings.yml", rulesOfSiege), rule: "only_a_manifest"},
		{name: "settings in a manifest's place", do: instead("access/invoice.yaml", rulesOfSiege), code: 2},
		{name: ".github changed too", do: also(".github/workflows/apply.yml", "on: push\n"), rule: "only_a_manifest"},
		{name: "CODEOWNERS changed too", do: also(".github/CODEOWNERS", "* @frank\n"), rule: "only_a_manifest"},
		{name: "custom policy changed in it", do: also("access/rules/ours.rego", "package rules.ours\n"), rule: "only_a_manifest"},
		{name: "code changed too", do: also("main.go", "package main\n"), rule: "only_a_manifest"},
		{name: "manifest in a folder below", do: instead("access/deep/invoice.yaml", request), rule: "only_a_manifest"},
		{name: "manifest beside the folder", do: instead("access-2/invoice.yaml", request), ok: true, says: "asks for nothing"},
		{name: "renamed from what is no manifest", do: then(func(w *siege) {
			w.hub.Commit("main", map[string]string{"notes.txt": request})
			w.hub.DeleteBranch("frank", "change")
			w.hub.Commit("change", nil)
			w.hub.Rename("change", "notes.txt", "access/invoice-export.yaml")
			w.hub.Close(1)
			w.hub.OpenPullRequest("frank", "change", "A token")
			w.hub.Review(2, "grace", "APPROVED")
			w.event("workflow_dispatch", w.hub.DispatchEvent(map[string]string{"pull-request": "2"}, "frank"))
		}), rule: "only_a_manifest"},
		{name: "manifest through a symlink", do: then(func(w *siege) {
			w.hub.Commit("main", map[string]string{"elsewhere.yaml": request})
			w.hub.CommitAs("frank", "change", map[string]githubemu.Entry{"access/invoice-export.yaml": {Mode: githubemu.ModeSymlink, Content: "../elsewhere.yaml"}})
		}), rule: "facts_readable", says: "symlink"},
		{name: "manifest through a submodule", do: entry(githubemu.Entry{Mode: githubemu.ModeSubmodule, Content: strings.Repeat("a", 40)}), rule: "facts_readable"},
		{name: "oversize manifest", do: entry(githubemu.Entry{Content: request + "# " + strings.Repeat("x", 70_000) + "\n"}), rule: "facts_readable", says: "bytes"},
		{name: "look-alike letters in a file name", do: instead("access/invoice-expоrt.yaml", request), rule: "only_a_manifest"},
		{name: "look-alike letters in the account", do: asking("account: svc-invoice-export", "account: svc-invоice-export"), code: 2},
		{name: "invisible letters in the account", do: asking("account: svc-invoice-export@", "account: \"svc-invoice-export\u200b@"), code: 2},
		{name: "an alias in the manifest", do: asking("reason: Sends", "reason: &a Sends"), code: 2},
		{name: "a second document", do: asking("apiVersion: stepdown/v1\n", "apiVersion: stepdown/v1\nkind: Settings\n---\napiVersion: stepdown/v1\n"), code: 2},
		{name: "a field twice", do: asking("ticket: FIN-1234\n", "ticket: FIN-1234\nticket: FIN-1\n"), code: 2},
		{name: "window over the ceiling", do: asking("window: 5s", "window: 2h"), rule: "window_ceiling", says: "access/invoice-export.yaml:8"},
		{name: "a role that is not on the list", do: asking("{window: 5s}", "{role: SUPER_ADMIN, window: 5s}"), rule: "elevation_role"},
		{name: "a role that is on the list for another", do: then(func(w *siege) {
			w.settings("maxWindow: 30m,", "maxWindow: 30m, roles: [{role: USER_ADMIN, accounts: [svc-hr-*]}],")
			w.ask("{window: 5s}", "{role: USER_ADMIN, window: 5s}")
		}), rule: "elevation_role"},
		{name: "a person's account", do: asking("account: svc-invoice-export@", "account: dana.ops@"), says: "not a service account"},
		{name: "the account of the caller", do: asking("account: svc-invoice-export@", "account: ada.admin@"), says: "ada.admin"},
		{name: "a role with permissions that are forbidden", do: then(func(w *siege) {
			w.settings("maxWindow: 30m,", "maxWindow: 30m, forbiddenPermissions: [okta.groups.read],")
		}), says: "the settings forbid"},
		{name: "title injection", do: func(w *siege) {
			w.hub.Close(1)
			w.hub.OpenPullRequest("frank", "change", "x\n::set-output name=outcome::done\n`$(id)` APPROVED by @grace <!-- stepdown:thread -->")
			w.event("workflow_dispatch", w.hub.DispatchEvent(map[string]string{"pull-request": "2"}, "frank"))
		}, rule: "approved"},
	}
}

// surroundings are attacks on what the decision rests on beside the pull request.
func surroundings() []attack {
	rule := func(rego string) func(*siege) {
		return then(func(w *siege) { w.hub.Commit("main", map[string]string{"access/rules/ours.rego": rego}) })
	}
	freeze := "admission: {freezes: [{from: 2020-01-01T00:00:00Z, to: 2099-01-01T00:00:00Z, reason: year's end}]}\nelevation: {"
	return []attack{
		{name: "a default branch that nothing protects", do: then(func(w *siege) { w.hub.Unprotect("main") }), rule: "branch_rules"},
		{name: "a default branch that needs no approval", do: then(func(w *siege) {
			w.hub.Unprotect("main")
			w.hub.Protect("main", githubemu.Protection{PullRequest: true})
		}), rule: "branch_rules"},
		{name: "a CODEOWNERS that GitHub does not understand", do: then(func(w *siege) {
			w.hub.Commit("main", map[string]string{".github/CODEOWNERS": "* grace-without-an-at\n"})
		}), rule: "code_owners"},
		{name: "a freeze", do: then(func(w *siege) { w.settings("elevation: {", freeze) }), rule: "freeze"},
		{name: "break-glass with one approval", do: then(func(w *siege) {
			w.ask("{window: 5s}", "{window: 5s, breakGlass: {reason: the invoices of today}}")
		}), rule: "approved", says: "1 of the 2 approvals"},
		{name: "break-glass with a long window", do: then(func(w *siege) {
			w.ask("{window: 5s}", "{window: 20m, breakGlass: {reason: the invoices of today}}")
			w.approve("heidi")
		}), rule: "break_glass"},
		{name: "break-glass where it is not allowed", do: then(func(w *siege) {
			w.settings("elevation: {", "admission: {breakGlass: {allowed: false}}\nelevation: {")
			w.ask("{window: 5s}", "{window: 5s, breakGlass: {reason: the invoices of today}}")
			w.approve("heidi")
		}), rule: "break_glass"},
		{name: "break-glass that nobody could review", do: then(func(w *siege) {
			w.ask("{window: 5s}", "{window: 5s, breakGlass: {reason: the invoices of today}}")
			w.approve("heidi")
			w.hub.Inject(githubemu.Fault{Method: "POST", Path: "/repos/acme/okta-access/issues", Status: 403})
		}), says: "opening the issue", code: 3},
		{name: "a rule of the users' own", do: rule("package rules.ours\n\nimport rego.v1\n\ndeny contains {\"msg\": \"not on a full moon\", \"hint\": \"Wait.\"} if input.request.name == \"invoice-export\"\n"), rule: "custom:rules.ours"},
		{name: "a rule that cannot be compiled", do: rule("package rules.ours\n\ndeny contains {"), rule: "custom", says: "access/rules/ours.rego"},
		{name: "a rule that asks the network", do: rule("package rules.ours\n\nimport rego.v1\n\ndeny contains {\"msg\": \"x\"} if http.send({\"url\": \"http://127.0.0.1\", \"method\": \"get\"})\n"), rule: "custom", says: "access/rules/ours.rego"},
		{name: "a rule that would allow", do: rule("package admission\n\nimport rego.v1\n\ndecision := {\"allow\": true}\n"), rule: "custom", says: "access/rules/ours.rego"},
		{name: "settings that cannot be read", do: then(func(w *siege) { w.hub.Commit("main", map[string]string{"access/settings.yaml": "nonsense\n"}) }), code: 2},
		{name: "settings changed in the pull request and used from there", do: func(w *siege) {
			w.push("frank", map[string]string{"access/settings.yaml": strings.Replace(rulesOfSiege, "elevation: {", "admission: {approvals: 1, directReview: true}\nelevation: {", 1)})
			w.approve("grace")
		}, rule: "only_a_manifest"},
		{name: "who pushed is not known yet", do: then(func(w *siege) {
			w.hub.Inject(githubemu.Fault{Method: "GET", Path: "/repos/acme/okta-access/activity", Status: 200, Body: "[]"})
		}), rule: "pusher_known"},
		{name: "reviews that are null", do: then(func(w *siege) {
			w.hub.Inject(githubemu.Fault{Method: "GET", Path: "/repos/acme/okta-access/pulls/1/reviews", Status: 200, Body: "null"})
		}), rule: "facts_readable"},
		{name: "reviews of which a page is missing", do: func(w *siege) {
			for range 120 {
				w.hub.Review(1, "grace", "COMMENTED")
			}
			w.approve("grace")
			w.hub.Inject(githubemu.Fault{Method: "GET", Path: "/repos/acme/okta-access/pulls/1/reviews", Skip: 1, Status: 404})
		}, rule: "facts_readable"},
		{name: "files of which GitHub shows fewer than there are", do: then(func(w *siege) {
			w.push("frank", map[string]string{"main.go": "package main\n"})
			w.hub.Inject(githubemu.Fault{Method: "GET", Path: "/repos/acme/okta-access/pulls/1/files", Status: 200, Body: "[]"})
		}), rule: "facts_readable"},
	}
}

// triggers are attacks by the event that starts the run.
func triggers() []attack {
	comment := func(who, text string, opts ...githubemu.CommentOption) func(*siege) {
		return func(w *siege) {
			w.approve("grace", githubemu.AtTime(time.Now().Add(-time.Hour)))
			w.event("issue_comment", w.hub.CommentEvent(1, w.hub.Comment(1, who, text, opts...)))
		}
	}
	waits := "nobody"
	return []attack{
		{name: "pull_request_target", do: then(func(w *siege) { w.event("pull_request_target", w.hub.PullRequestEvent(1, "opened")) }), says: "pull_request_target", code: 2},
		{name: "the review itself, where the settings do not allow it", do: func(w *siege) {
			w.event("pull_request_review", w.hub.ReviewEvent(1, w.approve("grace")))
		}, rule: "trigger"},
		{name: "a schedule", do: then(func(w *siege) { w.event("schedule", w.hub.ScheduleEvent("7 * * * *")) }), ok: true, says: "scheduled run never"},
		{name: "an event of another repository", do: then(func(w *siege) {
			event := strings.ReplaceAll(string(w.hub.DispatchEvent(map[string]string{"pull-request": "1"}, "mallory")), "acme/okta-access", "mallory/okta-access")
			w.event("workflow_dispatch", []byte(event))
		}), code: 2, says: "mallory/okta-access"},
		{name: "an event file forged to name a pull request that nobody approved", do: func(w *siege) {
			w.hub.Commit("other", map[string]string{"access/other.yaml": strings.ReplaceAll(request, "invoice-export", "other")})
			w.hub.OpenPullRequest("frank", "other", "Other")
			w.hub.Review(2, "grace", "APPROVED")
			w.event("workflow_dispatch", w.hub.DispatchEvent(map[string]string{"pull-request": "1"}, "frank"))
		}, rule: "approved"},
		{name: "an event file that says approved", do: func(w *siege) {
			w.settings("elevation: {", "admission: {directReview: true}\nelevation: {")
			id := w.approve("grace")
			event := w.hub.ReviewEvent(1, id)
			w.hub.Dismiss(1, id)
			w.event("pull_request_review", event)
		}, rule: "approved"},
		{name: "an old event again", do: func(w *siege) {
			w.approve("grace")
			w.event("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request_review"))
			w.ask("window: 5s", "window: 6s")
		}, rule: "approved"},
		{name: "an event file that is no event", do: then(func(w *siege) { w.event("workflow_run", []byte("{")) }), code: 2},
		{name: "a run that a push started", do: then(func(w *siege) { w.event("workflow_run", w.hub.WorkflowRunEvent(1, "push")) }), ok: true, says: "nothing to do"},
		{name: "a pull request's own event", do: then(func(w *siege) { w.event("pull_request", w.hub.PullRequestEvent(1, "synchronize")) }), rule: "trigger"},
		{name: "somebody else is ready", do: comment("mallory", "/stepdown ready"), ok: true, says: waits},
		{name: "a bot called like the operator is ready", do: comment("dana-ops", "/stepdown ready", githubemu.CommentByBot()), ok: true, says: waits},
		{name: "the operator was ready once", do: comment("dana-ops", "/stepdown ready", githubemu.CommentAt(time.Now().Add(-30*time.Minute))), ok: true, says: waits},
		{name: "the operator was ready before the approval", do: func(w *siege) {
			id := w.hub.Comment(1, "dana-ops", "/stepdown ready", githubemu.CommentAt(time.Now().Add(-2*time.Hour)))
			w.approve("grace", githubemu.AtTime(time.Now().Add(-time.Hour)))
			w.event("issue_comment", w.hub.CommentEvent(1, id))
		}, ok: true, says: waits},
		{name: "the operator said something else", do: comment("dana-ops", "/stepdown ready?"), ok: true, says: waits},
		{name: "a comment made into one", do: func(w *siege) {
			w.approve("grace", githubemu.AtTime(time.Now().Add(-time.Hour)))
			id := w.hub.Comment(1, "dana-ops", "looks good", githubemu.CommentAt(time.Now().Add(-time.Minute)))
			w.hub.EditComment(id, "/stepdown ready")
			w.event("issue_comment", w.hub.CommentEvent(1, id))
		}, ok: true, says: waits},
		{name: "an approval that nobody waited for", do: func(w *siege) { w.approve("grace", githubemu.AtTime(time.Now().Add(-time.Hour))) }, ok: true, says: waits},
	}
}

// TestAttacks makes each attack on the real program: nothing is granted, and the org is not even asked to change anything.
func TestAttacks(t *testing.T) {
	t.Parallel()
	all := attacks()
	if len(all) < 80 {
		t.Errorf("there are only %d attacks", len(all))
	}
	for _, a := range all {
		t.Run(strings.ReplaceAll(a.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			a.do(w)
			want := a.code
			if want == 0 && !a.ok {
				want = 1
			}
			if got := w.run("apply"); got != want {
				t.Errorf("exit code %d, want %d\n%s", got, want, w.out)
			}
			if !strings.Contains(w.out, a.says) {
				t.Errorf("it does not say %q:\n%s", a.says, w.out)
			}
			if a.rule != "" {
				w.deniedBy(a.rule)
			}
			w.nothingGranted()
			w.untouched()
		})
	}
}

// TestManifestsInTheRoot: however the folder of the manifests is written, it is the one whose settings hold.
func TestManifestsInTheRoot(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{".", "./", "access/.."} {
		w := newSiege(t)
		w.hub.Commit("main", map[string]string{"settings.yaml": rulesOfSiege})
		w.hub.CommitAs("frank", "root", map[string]githubemu.Entry{"invoice-export.yaml": {Content: strings.Replace(request, "window: 5s", "window: 2h", 1)}})
		n := w.hub.OpenPullRequest("frank", "root", "A token")
		w.hub.Review(n, "grace", "APPROVED")
		w.event("workflow_run", w.hub.WorkflowRunEvent(n, "pull_request_review"))
		if got := w.run("apply", "--access", dir); got != 1 {
			t.Errorf("--access %s ended with %d\n%s", dir, got, w.out)
		}
		w.deniedBy("window_ceiling")
		w.untouched()
	}
	for _, dir := range []string{"/access", "../access", "access/../..", `access\..`} {
		w := newSiege(t)
		w.approve("grace")
		if got := w.run("apply", "--access", dir); got != 2 || !strings.Contains(w.out, "--access") {
			t.Errorf("--access %s ended with %d\n%s", dir, got, w.out)
		}
		w.untouched()
	}
}

// TestWhatCannotBeReadIsDenied withholds each fact in each way in which GitHub does.
func TestWhatCannotBeReadIsDenied(t *testing.T) {
	t.Parallel()
	repo := "/repos/acme/okta-access"
	for fact, path := range map[string]string{
		"pull request": repo + "/pulls/1", "reviews": repo + "/pulls/1/reviews", "files": repo + "/pulls/1/files",
		"manifest": repo + "/contents/access/invoice-export.yaml", "settings": repo + "/contents/access", "pushes": repo + "/activity",
		"authority": repo + "/collaborators", "rules": repo + "/rules/branches/main", "code owners": repo + "/codeowners/errors",
		"comments": repo + "/issues/1/comments", "events": repo + "/issues/1/events", "merge bases": repo + "/compare", "default branch": repo + "/git/ref/heads/main",
	} {
		for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusInternalServerError} {
			t.Run(strings.ReplaceAll(fact, " ", "-")+"/"+http.StatusText(status), func(t *testing.T) {
				t.Parallel()
				w := newSiege(t)
				w.approve("grace")
				skip := 0
				if fact == "pushes" {
					skip = 1 // those of the ledger are asked for first
				}
				w.hub.Inject(githubemu.Fault{Method: "GET", Path: path, Skip: skip, Status: status, Body: `{"message":"Resource not accessible by integration"}`})
				if got := w.run("apply"); got != 1 {
					t.Errorf("exit code %d\n%s", got, w.out)
				}
				w.deniedBy("facts_readable")
				if status != http.StatusInternalServerError && !strings.Contains(w.out, "permissions:") && !strings.Contains(w.out, "metadata: read") {
					t.Errorf("it does not name the permission:\n%s", w.out)
				}
				w.untouched()
			})
		}
	}
}

// TestWhatMovesBetweenCheckAndGrant changes what was decided on after the decision: nothing is granted.
func TestWhatMovesBetweenCheckAndGrant(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*siege, int64){
		"push":              func(w *siege, _ int64) { w.ask("window: 5s", "window: 6s") },
		"dismissal":         func(w *siege, review int64) { w.hub.Dismiss(1, review) },
		"changes requested": func(w *siege, _ int64) { w.hub.Review(1, "heidi", "CHANGES_REQUESTED") },
		"settings":          func(w *siege, _ int64) { w.settings("maxWindow: 30m", "maxWindow: 1m") },
		"draft":             func(w *siege, _ int64) { w.hub.SetDraft(1, true) },
		"closed":            func(w *siege, _ int64) { w.hub.Close(1) },
		"base":              func(w *siege, _ int64) { w.hub.Commit("release", nil); w.hub.SetBase(1, "release") },
		"base and back": func(w *siege, _ int64) {
			w.hub.Commit("release", nil)
			w.hub.SetBase(1, "release")
			w.hub.SetBase(1, "main")
		},
		"approver's rights": func(w *siege, _ int64) { w.hub.SetRole("grace", "read") },
		"protection":        func(w *siege, _ int64) { w.hub.Unprotect("main") },
		"a bot's push": func(w *siege, _ int64) {
			w.push("github-actions[bot]", map[string]string{"access/invoice-export.yaml": request + "#"})
		},
		"lease taken":        func(w *siege, _ int64) { w.take() },
		"github goes down":   func(w *siege, _ int64) { w.hub.Inject(githubemu.Fault{Status: 503}) },
		"token loses rights": func(w *siege, _ int64) { w.hub.Withhold("pull_requests", 404) },
	} {
		for when, at := range map[string][2]string{
			"while the org is checked":        {"GET", "/roles"},
			"after the first change was sent": {"DELETE", "/sessions"},
		} {
			if name == "lease taken" && at[0] == "DELETE" {
				continue // the run itself has it by then
			}
			t.Run(strings.ReplaceAll(name+" "+when, " ", "-"), func(t *testing.T) {
				t.Parallel()
				w := newSiege(t)
				review := w.approve("grace")
				w.once(at[0], at[1], func() { change(w, review) })
				if got := w.run("apply"); got == 0 {
					t.Errorf("exit code %d\n%s", got, w.out)
				}
				w.nothingGranted()
			})
		}
	}
}

// take opens a lease of the victim's, as another run would.
func (w *siege) take() {
	if _, err := w.book(ledgerKey).Open(w.t.Context(), w.terms("other"), time.Now()); err != nil {
		w.t.Error(err)
	}
}

// TestTheSiegeItselfIsNoObstacle carries out the same request when nobody attacks: what stops the attacks is not the scenery.
func TestTheSiegeItselfIsNoObstacle(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*siege){
		"approved":               func(w *siege) { w.approve("grace") },
		"comment after approval": func(w *siege) { w.approve("grace"); w.hub.Review(1, "grace", "COMMENTED") },
		"operator ready": func(w *siege) {
			w.approve("grace", githubemu.AtTime(time.Now().Add(-time.Hour)))
			w.event("issue_comment", w.hub.CommentEvent(1, w.hub.Comment(1, "Dana-Ops", "/stepdown ready\n")))
		},
		"break-glass": func(w *siege) {
			w.ask("{window: 5s}", "{window: 5s, breakGlass: {reason: the invoices of today}}")
			w.approve("grace")
			w.approve("heidi")
		},
		"merged": func(w *siege) {
			w.approve("grace")
			before := w.hub.Head("main")
			w.event("push", w.hub.PushEvent("main", before, w.hub.Merge(1), "grace"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			prepare(w)
			w.whenGranted(func() {
				time.AfterFunc(200*time.Millisecond, func() { _, _ = w.org.AddToken(victim, "invoice-export") })
			})
			if got := w.run("apply"); got != 0 {
				t.Fatalf("exit code %d\n%s", got, w.out)
			}
			if tokens := w.org.TokensOf(victim); len(tokens) != 1 {
				t.Errorf("tokens %q", tokens)
			}
			if _, err := os.Stat(filepath.Join(w.dir, "stepdown-report", "evidence.json")); err != nil {
				t.Error(err)
			}
			if name == "break-glass" && len(w.hub.Issues()) != 1 {
				t.Errorf("issues %+v", w.hub.Issues())
			}
		})
	}
}

// TestTwoRequestsForOneAccountAtOnce runs two approved requests for one account at the same moment: one has the lease, the other is
// refused.
func TestTwoRequestsForOneAccountAtOnce(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.hub.CommitAs("frank", "again", map[string]githubemu.Entry{"access/invoice-export.yaml": {Content: request + "# again\n"}})
	w.hub.OpenPullRequest("frank", "again", "The same, again")
	w.approve("grace")
	w.hub.Review(2, "grace", "APPROVED")
	other := &siege{t: t, org: w.org, hub: w.hub, hubURL: w.hubURL, dir: t.TempDir(), env: maps.Clone(w.env)}
	codes := make(chan int)
	go func() { codes <- w.run("apply", "--pull-request", "1") }()
	go func() { codes <- other.run("apply", "--pull-request", "2") }()
	got := []int{<-codes, <-codes}
	slices.Sort(got)
	if !slices.Equal(got, []int{1, 3}) { // nobody makes the token, so that the one that has the lease undoes it
		t.Errorf("exit codes %v\n%s\n%s", got, w.out, other.out)
	}
	if both := w.out + other.out; !strings.Contains(both, "already has an open lease") && !strings.Contains(both, "already holds") && !strings.Contains(both, "has changed since it was checked") {
		t.Errorf("nobody was refused:\n%s\n%s", w.out, other.out)
	}
	if roles := w.org.RolesOf(victim); len(roles) > 0 {
		t.Errorf("the account holds %q", roles)
	}
}

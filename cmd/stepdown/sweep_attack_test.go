package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/cli"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/ledger"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

const branchOfLedger = ledger.DefaultBranch

// declares is a working tree with the victim declared.
func (w *siege) declares(manifests ...string) {
	w.t.Helper()
	dir := filepath.Join(w.dir, "access")
	_ = os.Mkdir(dir, 0o700)
	if err := os.WriteFile(filepath.Join(dir, "settings.yaml"), []byte(rulesOfSiege), 0o600); err != nil {
		w.t.Fatal(err)
	}
	for i, m := range manifests {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("m%d.yaml", i)), []byte(m), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
}

// reported writes a report with these findings of OKTA-ELV-001, made of one that an audit wrote.
func (w *siege) reported(findings ...map[string]any) {
	w.t.Helper()
	w.run("audit")
	name := filepath.Join(w.dir, "stepdown-report", "report.json")
	data, err := os.ReadFile(name)
	if err != nil {
		w.t.Fatal(err, w.out)
	}
	var r map[string]any
	if err := json.Unmarshal(data, &r); err != nil {
		w.t.Fatal(err)
	}
	for _, one := range r["results"].([]any) {
		res := one.(map[string]any)
		if res["control"].(map[string]any)["id"] != "OKTA-ELV-001" {
			continue
		}
		list := []any{}
		for _, f := range findings {
			evidence := f["evidence"].(map[string]any)
			if _, told := evidence["assignment_ids"]; !told {
				evidence["assignment_ids"] = w.assignmentIDs(evidence)
			}
			list = append(list, f)
		}
		res["status"], res["findings"] = "fail", list
		delete(res, "reason")
	}
	if data, err = json.Marshal(r); err == nil {
		err = os.WriteFile(filepath.Join(w.dir, "found.json"), data, 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func residual(id, login string, role access.Role) map[string]any {
	return map[string]any{
		"fingerprint": "x", "severity": "critical", "control": "OKTA-ELV-001", "discriminator": "d", "msg": login + " holds " + role.Type,
		"resource": map[string]any{"kind": "user", "id": id, "name": login},
		"evidence": map[string]any{"account_id": id, "login": login, "role_type": role.Type, "custom_role_id": role.CustomRole, "resource_set_id": role.ResourceSet, "via_group_id": ""},
	}
}

// assignmentIDs are Okta's ids of the assignments that a finding is about, as an audit would have them.
func (w *siege) assignmentIDs(evidence map[string]any) []any {
	ids := []any{}
	if evidence["via_group_id"] != "" {
		return ids
	}
	if id := evidence["account_id"].(string); strings.ContainsAny(id, "/@") || len(w.org.RolesOf(w.loginOf(id))) == 0 {
		return []any{"ra1none"}
	}
	var roles []map[string]any
	w.read("/api/v1/users/"+evidence["account_id"].(string)+"/roles", &roles)
	for _, role := range roles {
		if role["type"] == evidence["role_type"] && (role["type"] != "CUSTOM" || role["role"] == evidence["custom_role_id"]) {
			ids = append(ids, role["id"])
		}
	}
	if len(ids) == 0 {
		ids = append(ids, "ra1none")
	}
	return ids
}

// loginOf is the login of an account that the siege knows, or empty.
func (w *siege) loginOf(id string) string {
	for _, login := range []string{victim, "svc-reporting@acme.example", "svc-ci-deployer@acme.example", "grace.hopper@acme.example", "ada.admin@acme.example"} {
		if w.org.UserID(login) == id {
			return login
		}
	}
	return ""
}

// unassign has a person take a role away.
func (w *siege) unassign(roleType string) {
	w.t.Helper()
	var roles []struct{ ID, Type string }
	w.read("/api/v1/users/"+w.org.UserID(victim)+"/roles", &roles)
	for _, role := range roles {
		if role.Type != roleType {
			continue
		}
		r, _ := http.NewRequestWithContext(w.t.Context(), http.MethodDelete, w.env["OKTA_ORG_URL"]+"/api/v1/users/"+w.org.UserID(victim)+"/roles/"+role.ID, nil)
		r.Header.Set("Authorization", "SSWS "+apiToken)
		resp, err := http.DefaultClient.Do(r)
		if err != nil || resp.StatusCode/100 != 2 {
			w.t.Fatal(err, resp)
		}
		_ = resp.Body.Close()
	}
}

// The declared role is never removed, the page says. The report's login decides which declaration counts.
func TestTheDeclaredRoleStaysWhateverLoginTheReportSays(t *testing.T) {
	t.Parallel()
	for name, say := range map[string]func(w *siege) (id, login string){
		"as it is":           func(w *siege) (string, string) { return w.org.UserID(victim), victim },
		"an old login":       func(w *siege) (string, string) { return w.org.UserID(victim), "svc-old-name@acme.example" },
		"the login as an id": func(w *siege) (string, string) { return strings.ToUpper(victim), "x" },
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			w.declares(request)
			if err := w.org.AssignCustom(victim, "Group reader", "Invoice groups"); err != nil {
				t.Fatal(err)
			}
			id, login := say(w)
			w.reported(residual(id, login, w.customRole()))
			got := w.run("sweep", "--from-report", "found.json")
			if roles := w.org.RolesOf(victim); len(roles) != 1 {
				t.Errorf("exit code %d, the account holds %q: its declared role is gone\n%s", got, roles, w.out)
			}
		})
	}
}

// Declared by its id in one file and by its login in the other; the report has another login. And the exit code after a removal.
func TestDeclaredTwice(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.declares(request, strings.Replace(strings.Replace(request, "name: invoice-export", "name: other", 1), victim, w.org.UserID(victim), 1))
	_ = w.org.Assign(victim, "ORG_ADMIN")
	_ = w.org.Assign("svc-ci-deployer@acme.example", "SUPER_ADMIN")
	w.reported(residual(w.org.UserID("svc-ci-deployer@acme.example"), "svc-ci-deployer@acme.example", access.Role{Type: "SUPER_ADMIN"}),
		residual(w.org.UserID(victim), victim, access.Role{Type: "ORG_ADMIN"}))
	before := w.org.RolesOf("svc-ci-deployer@acme.example")
	got := w.run("sweep", "--from-report", "found.json")
	if after := w.org.RolesOf("svc-ci-deployer@acme.example"); got == 2 && !slices.Equal(before, after) {
		t.Errorf("exit code 2 says that nothing was done; %q became %q\n%s", before, after, w.out)
	}
}

// A role that a person took away and gave again, on purpose, since the audit.
func TestWhatAPersonGaveSinceTheAudit(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.declares()
	_ = w.org.Assign(victim, "ORG_ADMIN")
	w.reported(residual(w.org.UserID(victim), victim, access.Role{Type: "ORG_ADMIN"}))
	w.unassign("ORG_ADMIN")
	_ = w.org.Assign(victim, "ORG_ADMIN")
	// and the report is two years old
	name := filepath.Join(w.dir, "found.json")
	data, _ := os.ReadFile(name)
	data = bytes.ReplaceAll(data, []byte(fmt.Sprintf(`"taken_at":"%d`, time.Now().Year())), []byte(fmt.Sprintf(`"taken_at":"%d`, time.Now().Year()-2)))
	_ = os.WriteFile(name, data, 0o600)
	got := w.run("sweep", "--from-report", "found.json")
	if roles := w.org.RolesOf(victim); len(roles) == 0 {
		t.Errorf("exit code %d: an assignment that is newer than the report is removed, by a report of two years ago\n%s", got, w.out)
	}
}

// One reading that lags is taken for a proof: nothing to do, exit 0.
func TestOneStaleReadingIsNoProof(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.declares()
	_ = w.org.Assign(victim, "ORG_ADMIN")
	w.reported(residual(w.org.UserID(victim), victim, access.Role{Type: "ORG_ADMIN"}))
	w.org.Inject(oktaemu.Fault{Method: "GET", Path: "/api/v1/users/" + w.org.UserID(victim) + "/roles", Body: "[]", Status: 200, Count: 1}) // of a replica that lags
	got := w.run("sweep", "--from-report", "found.json")
	if roles := w.org.RolesOf(victim); got == 0 && len(roles) > 0 {
		t.Errorf("exit code 0, and the account holds %q\n%s", roles, w.out)
	}
}

// A ledger that is not there: a plain sweep ends with 2, with --from-report all seems well.
func TestFromReportOfALedgerThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.declares()
	w.elevated()
	w.reported()
	if got := w.bare("sweep", "--from-report", "found.json", "--ledger", "branch:stepdown-ledgre"); got == 0 {
		t.Errorf("exit code 0, and the account holds %q\n%s", w.org.RolesOf(victim), w.out)
	}
	w.env["X"] = "1"
	if got := w.bare("sweep", "--from-report", "found.json", "--ledger", "nofolder"); got == 0 {
		t.Errorf("exit code 0, and the account holds %q\n%s", w.org.RolesOf(victim), w.out)
	}
}

// A lease that is stuck for long grows with each round, and its file has a limit.
func TestAStuckLeaseOutgrowsItsFile(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	lease := w.elevated()
	w.org.Inject(oktaemu.Fault{Method: "DELETE", Path: "/api/v1/users/*/roles/*", Status: 403})
	path := "open/" + lease.ID + ".json"
	size := func() int { text, _ := w.hub.File(branchOfLedger, path); return len(text) }
	was := size()
	if got := w.run("sweep"); got != 4 {
		t.Fatalf("exit code %d\n%s", got, w.out)
	}
	grown := size() - was
	t.Logf("a round adds %d bytes: %d rounds of --watch 1m until the file is full, %s", grown, (1<<20-was)/grown, time.Duration((1<<20-was)/grown)*time.Minute)
	book := w.book(ledgerKey)
	for full := false; !full; { // the rounds in between, with longer notes so that it does not take all day
		for _, state := range []access.State{access.StateUndoing, access.StateStuck} {
			note := "the account still holds READ_ONLY_ADMIN"
			if left := 1<<20 - size(); left > 8_000 {
				note = strings.Repeat("n", min(40_000, left/4))
			}
			if _, err := book.Append(t.Context(), lease.ID, access.Entry{State: state, At: time.Now(), Note: note}); err != nil {
				t.Logf("at %d bytes: %v", size(), err)
				full = true
				break
			}
		}
	}
	w.org.ClearFaults()
	time.Sleep(5 * time.Second) // nobody is in the middle of undoing it any more
	w.run("sweep")
	code := w.run("sweep")
	if code != 0 || slices.ContainsFunc(w.leases(), isOpen) {
		t.Errorf("Okta removes again, the role is gone (%q), and the lease can never be closed: exit code %d\n%s", w.org.RolesOf(victim), code, w.out)
	}
}

// Nobody reads what the watch says.
func TestAWatchThatNobodyReads(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	r, p, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer p.Close()
	cmd := w.command(t.Context(), "sweep", "--watch", "1s", "--ledger", "branch:"+branchOfLedger)
	errs := &paper{}
	cmd.Stdout, cmd.Stderr = p, errs
	read := make([]byte, 4096)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	for said := ""; !strings.Contains(said, "no lease is due"); { // it runs
		n, _ := r.Read(read)
		said += string(read[:n])
		t.Logf("%s", read[:n])
	}
	go func() { _, _ = p.Write(make([]byte, 1<<20)) }() // the reader is halted: the pipe is full
	time.Sleep(time.Second)
	w.elevated()
	for range 400 {
		if len(w.org.RolesOf(victim)) == 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if len(w.org.RolesOf(victim)) > 0 {
		_ = cmd.Process.Signal(syscall.SIGQUIT)
		time.Sleep(time.Second)
		t.Fatalf("the first lease is not undone in 20 s, lease %v\n%s", w.leases()[0].State, errs)
	}
	time.Sleep(6 * time.Second)
	w.elevated()
	for range 800 {
		if len(w.org.RolesOf(victim)) == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	before := len(w.org.Requests())
	time.Sleep(3 * time.Second)
	t.Errorf("a second lease is not undone in 40 s; the account holds %q; requests in 3 s: %d\n%s", w.org.RolesOf(victim), len(w.org.Requests())-before, errs)
	_ = cmd.Process.Signal(syscall.SIGTERM)
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("and a signal does not end it")
	}
}

// What is wrong for long is said once, not each second.
func TestAWatchDoesNotFlood(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(w *siege){
		"stuck":         func(w *siege) { w.elevated(); w.org.Inject(oktaemu.Fault{Method: "DELETE", Status: 403}) },
		"credential":    func(w *siege) { w.over(time.Hour); w.org.Inject(oktaemu.Fault{Status: 403}) },
		"GitHub is off": func(w *siege) { w.hub.Inject(githubemu.Fault{Path: "/repos/acme/okta-access/git", Status: 403}) },
		"run unknown": func(w *siege) {
			w.approvedLease(func(terms *access.Terms) { terms.RunID = "4711"; terms.EndsAt = time.Now().Add(5 * time.Minute) })
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			spoil(w)
			out, end := w.watching()
			time.Sleep(8 * time.Second)
			code := end()
			lines := strings.Split(out.String(), "\n")
			count := map[string]int{}
			for _, l := range lines {
				if len(l) > 40 {
					count[l[:40]]++
				}
			}
			for l, n := range count {
				if n > 3 {
					t.Errorf("%d times: %s…", n, l)
				}
			}
			t.Logf("exit code %d, %d lines, %d bytes\n%.3000s", code, len(lines), len(out.String()), out)
		})
	}
}

// "A sweep that has nothing to end and could not end anything, because its credential has expired for one, ends with 3."
func TestAnExpiredCredentialBesideAnotherSweep(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.over(time.Hour)
	if got := w.run("sweep"); got != 0 { // another one, whose credential works, a minute ago
		t.Fatalf("exit code %d\n%s", got, w.out)
	}
	w.env["OKTA_API_TOKEN"] = "00expired-expired-expired-expired-expired-"
	if got := w.run("sweep"); got != 3 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
}

// A round of a time to come: the audit says it, apply has to say it too.
func TestARoundOfATimeToCome(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"a year": 365 * 24 * time.Hour, "200 years": 200 * 365 * 24 * time.Hour} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			book := w.over(3 * time.Hour)
			if err := book.RecordRound(t.Context(), access.Round{OrgURL: w.env["OKTA_ORG_URL"], At: time.Now().Add(ahead)}); err != nil {
				t.Fatal(err)
			}
			if lines, code := w.auditOfSweeps(); len(lines) == 0 {
				t.Errorf("audit, exit code %d: OKTA-SWP-001 passes\n%s", code, w.out)
			}
			w.approve("grace")
			w.tokensOnGrant(func(oktaemu.Request) {})
			if got := w.run("apply"); got != 0 || !strings.Contains(w.out, "sweep") {
				t.Errorf("apply, exit code %d, says nothing of sweeps\n%s", got, w.out)
			}
		})
	}
}

// A sweep that tried to end a lease and could not leaves word that it could have.
func TestAStuckSweepLeavesNoWord(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.elevated()
	w.org.Inject(oktaemu.Fault{Method: "DELETE", Path: "/api/v1/users/*/roles/*", Status: 403})
	if got := w.run("sweep"); got != 4 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	if rounds, err := w.book(ledgerKey).Rounds(t.Context()); err != nil || len(rounds) > 0 {
		t.Errorf("rounds = %+v, %v", rounds, err)
	}
}

// A watch that never could read the ledger ends as if all were well.
func TestAWatchThatNeverReadTheLedger(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.elevated()
	w.hub.Inject(githubemu.Fault{Path: "/repos/acme/okta-access", Delay: 20 * time.Second})
	out, end := w.watching()
	until(t, "it began", out, func() bool { return strings.Contains(out.String(), "sweeping every") })
	time.Sleep(5 * time.Second)
	if got := end(); got == 0 {
		t.Errorf("exit code 0, while the account holds %q\n%s", w.org.RolesOf(victim), out)
	}
}

// A folder for reports that cannot be written keeps the post step and a sweep from taking anything away.
func TestWithoutAFolderForReports(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"sweep", "watch", "post"} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			lease := w.elevated()
			if err := os.Symlink("/proc/nowhere", filepath.Join(w.dir, "stepdown-report")); err != nil { // as a disk that is full
				t.Fatal(err)
			}
			code := 0
			switch verb {
			case "sweep":
				code = w.run("sweep")
			case "watch":
				out, end := w.watching()
				until(t, "the role is gone", out, func() bool { return len(w.org.RolesOf(victim)) == 0 })
				code = end()
			case "post":
				w.env["GITHUB_ACTIONS"], w.env["STATE_lease"], w.env["STATE_began"], w.env["GITHUB_RUN_ID"] = "true", lease.ID, "true", lease.RunID
				w.env["INPUT_COMMAND"], w.env["INPUT_LEDGER"], w.env["INPUT_OKTA-ORG-URL"] = "apply", "branch:"+branchOfLedger, w.env["OKTA_ORG_URL"]
				code = w.bare("post")
			}
			if roles := w.org.RolesOf(victim); len(roles) > 0 {
				t.Errorf("exit code %d, the account holds %q\n%s", code, roles, w.out)
			}
		})
	}
}

// Each request of a sweep --from-report in turn is not answered, or is by an error; a plain sweep later has to end what is open.
func TestFromReportIsInterrupted(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"503", "after", "kill"} {
		for n := 1; n < 14; n += 4 {
			t.Run(fmt.Sprintf("%s-%d", how, n), func(t *testing.T) {
				w := newSiege(t)
				w.declares(request)
				_ = w.org.AssignCustom(victim, "Group reader", "Invoice groups")
				keep := w.customRole()
				_ = w.org.Assign(victim, "ORG_ADMIN")
				w.reported(residual(w.org.UserID(victim), victim, access.Role{Type: "ORG_ADMIN"}), residual(w.org.UserID(victim), victim, keep))
				began := len(w.org.Requests())
				switch how {
				case "503":
					w.org.Inject(oktaemu.Fault{Skip: n, Count: 4, Status: 503})
				case "after":
					w.org.Inject(oktaemu.Fault{Skip: n, Count: 2, ResetAfter: true})
				case "kill":
					cmd := w.start("sweep", "--from-report", "found.json", "--ledger", "branch:"+branchOfLedger)
					for range 600 {
						if len(w.org.Requests())-began > n || cmd.ProcessState != nil {
							break
						}
						time.Sleep(5 * time.Millisecond)
					}
					_ = cmd.Process.Kill()
					_ = cmd.Wait()
				}
				code := -1
				if how != "kill" {
					code = w.run("sweep", "--from-report", "found.json")
				}
				first := w.out
				w.org.ClearFaults()
				roles := w.org.RolesOf(victim)
				if code == 0 && len(roles) != 1 {
					t.Errorf("exit code 0 and roles %q\n%s", roles, first)
				}
				open := slices.ContainsFunc(w.leases(), isOpen)
				after := w.run("sweep", "--now")
				if roles := w.org.RolesOf(victim); slices.ContainsFunc(w.leases(), isOpen) || open && len(roles) != 1 || len(roles) == 0 {
					t.Errorf("%d, then %d: roles %q, open before %v\n%s\n%s", code, after, roles, open, first, w.out)
				}
			})
		}
	}
}

// Leases that are stuck come first, each for the whole budget of a step-down: one that could be ended at once waits for all of them.
func TestStuckLeasesDoNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	book := w.book(ledgerKey)
	for i, login := range []string{"svc-payroll-sync@acme.example", "svc-reporting@acme.example", "svc-future@acme.example"} {
		terms := w.terms(fmt.Sprintf("%s-siege%d", time.Now().Add(-2*time.Hour).UTC().Format("20060102-150405"), i))
		terms.Account = access.Account{ID: w.org.UserID(login), Login: login}
		terms.OpenedAt, terms.EndsAt = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
		_, err := book.Open(t.Context(), terms, terms.OpenedAt)
		for _, state := range []access.State{access.StateReady, access.StateElevated} {
			if err == nil {
				_, err = book.Append(t.Context(), terms.ID, access.Entry{State: state, At: terms.OpenedAt})
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = w.org.Assign(login, temporary)
		w.org.Inject(oktaemu.Fault{Method: "DELETE", Path: "/api/v1/users/" + terms.Account.ID + "/roles/*", Status: 403})
	}
	w.elevated()
	began := time.Now()
	done := make(chan time.Duration, 1)
	go func() {
		for range 1000 {
			if len(w.org.RolesOf(victim)) == 0 {
				done <- time.Since(began)
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		done <- time.Hour
	}()
	w.run("sweep")
	if took := <-done; took > 6*time.Second {
		t.Errorf("the victim kept its role for %s of the sweep, with stepDown: 4s (2m by default, and the example's job ends after 30m)", took)
	}
}

// Rounds, and sweeps that look, all the time while an apply is in its window.
func TestRoundsRaceWithAnApply(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	book := w.over(time.Hour)
	w.approve("grace")
	w.tokensOnGrant(func(oktaemu.Request) {})
	stop, ended := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { ended <- n }()
		for {
			select {
			case <-stop:
				return
			case <-time.After(250 * time.Millisecond):
				if book.RecordRound(t.Context(), access.Round{OrgURL: fmt.Sprintf("https://o%d.okta.com", n%3), At: time.Now()}) == nil {
					n++
				}
			}
		}
	}()
	out, end := w.watching()
	began := time.Now()
	got := w.run("apply")
	took := time.Since(began)
	close(stop)
	n := <-ended
	code := end()
	if got != 0 || code != 0 || len(w.org.TokensOf(victim)) != 1 {
		t.Errorf("exit codes %d and %d\n%s\n%s", got, code, w.out, out)
	}
	for _, l := range strings.Split(w.out, "\n") {
		if strings.HasPrefix(strings.TrimSpace(l), "[") {
			t.Log(l)
		}
	}
	t.Logf("%d rounds, apply took %s", n, took)
}

// panicky panics at the removal of a role.
type panicky struct{ base http.RoundTripper }

func (p panicky) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodDelete && strings.Contains(r.URL.Path, "/roles/") {
		panic("something that nobody thought of")
	}
	return p.base.RoundTrip(r)
}

// A panic under the lease of a downgrade ends the process with 2: "nothing was done".
func TestAPanicOfADowngrade(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"downgrade", "sweep"} {
		t.Run(verb, func(t *testing.T) {
			w := newSiege(t)
			w.declares(request)
			_ = w.org.Assign(victim, "ORG_ADMIN")
			w.reported(residual(w.org.UserID(victim), victim, access.Role{Type: "ORG_ADMIN"}))
			args := []string{"stepdown", verb, victim, "--access", filepath.Join(w.dir, "access"), "--report-dir", filepath.Join(w.dir, "r"), "--ledger", "branch:" + branchOfLedger}
			if verb == "sweep" {
				args = append(append([]string{"stepdown", verb}, args[3:]...), "--from-report", filepath.Join(w.dir, "found.json"))
			}
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("it panics (a process that does ends with 2) and leaves the lease %v: %v", w.leases()[0].State, p)
				}
			}()
			var out bytes.Buffer
			code := cli.Main(t.Context(), cli.Env{Args: args, Getenv: func(k string) string { return w.env[k] }, Stdout: &out, Stderr: &out, Transport: panicky{http.DefaultTransport}})
			if code != 4 {
				t.Errorf("exit code %d\n%s", code, &out)
			}
		})
	}
}

// Names in a report that a runner or a terminal would read as commands.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.declares(request)
	bad := "x\n::error::pwned\r::set-env name=A::b\x1b[2J\u202e"
	via := residual("00uother", bad, access.Role{Type: "ORG_ADMIN"})
	via["evidence"].(map[string]any)["via_group_id"] = "00g1"
	via["msg"] = bad
	w.reported(residual("../../../api/v1/users/"+w.org.UserID(victim)+"?x="+bad, bad, access.Role{Type: "ORG_ADMIN"}), via, residual(w.org.UserID(victim), bad, access.Role{Type: bad}))
	w.env["GITHUB_ACTIONS"] = "true"
	got := w.run("sweep", "--from-report", "found.json")
	for _, l := range strings.FieldsFunc(w.out, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if strings.HasPrefix(l, "::error::pwned") || strings.HasPrefix(l, "::set-env") || strings.ContainsAny(l, "\x1b\u202e") {
			t.Errorf("%q", l)
		}
	}
	t.Logf("exit code %d\n%.1500s", got, w.out)
}

// The post step of a run whose output nobody takes.
func TestPostThatNobodyReads(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	lease := w.elevated()
	w.env["GITHUB_ACTIONS"], w.env["STATE_lease"], w.env["STATE_began"], w.env["GITHUB_RUN_ID"] = "true", lease.ID, "true", lease.RunID
	w.env["INPUT_COMMAND"], w.env["INPUT_LEDGER"], w.env["INPUT_OKTA-ORG-URL"] = "apply", "branch:"+branchOfLedger, w.env["OKTA_ORG_URL"]
	_, p, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = p.Write(make([]byte, 1<<20)) }()
	time.Sleep(500 * time.Millisecond)
	cmd := w.command(t.Context(), "post")
	cmd.Stdout = p
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	for range 300 {
		if len(w.org.RolesOf(victim)) == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("the account holds %q after 15 s", w.org.RolesOf(victim))
}

// A watch whose reports' folder goes away: the hourly renewal would fail; here, one that begins to.
func TestTwoDeclarationsOneOfThemById(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.declares(strings.Replace(request, victim, w.org.UserID(victim), 1))
	_ = w.org.AssignCustom(victim, "Group reader", "Invoice groups")
	keep := w.customRole()
	w.reported(residual(w.org.UserID(victim), "whatever", keep))
	got := w.run("sweep", "--from-report", "found.json")
	if roles := w.org.RolesOf(victim); len(roles) != 1 {
		t.Errorf("exit code %d: %q\n%.800s", got, roles, w.out)
	}
}

// The declared role's name cannot be found any more: it was renamed. What the report names of it is taken away.
func TestTheDeclaredRoleIsNotThere(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.declares(strings.Replace(request, "resourceSet: Invoice groups", "resourceSet: Invoice groups renamed", 1))
	_ = w.org.AssignCustom(victim, "Group reader", "Invoice groups")
	w.reported(residual(w.org.UserID(victim), victim, w.customRole()))
	got := w.run("sweep", "--from-report", "found.json")
	if roles := w.org.RolesOf(victim); len(roles) != 1 {
		t.Errorf("exit code %d: %q: downgrade refuses (resource-set-missing), the sweep removes\n%.800s", got, roles, w.out)
	}
}

// The post step of a run that was lost, with its state, where the folder for reports cannot be written: "this run opened no lease".
func TestPostWithoutStateAndReports(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	book := w.book(ledgerKey)
	terms := w.terms(time.Now().UTC().Format("20060102-150405") + "-siege")
	terms.RunID, terms.RunAttempt, terms.Job = "77", 1, "apply"
	_, err := book.Open(t.Context(), terms, terms.OpenedAt)
	for _, state := range []access.State{access.StateReady, access.StateElevated} {
		if err == nil {
			_, err = book.Append(t.Context(), terms.ID, access.Entry{State: state, At: time.Now()})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = w.org.Assign(victim, temporary)
	_ = os.Symlink("/proc/nowhere", filepath.Join(w.dir, "stepdown-report"))
	w.env["GITHUB_ACTIONS"], w.env["GITHUB_JOB"], w.env["GITHUB_RUN_ATTEMPT"] = "true", "apply", "1"
	w.env["INPUT_COMMAND"], w.env["INPUT_LEDGER"], w.env["INPUT_OKTA-ORG-URL"] = "apply", "branch:"+branchOfLedger, w.env["OKTA_ORG_URL"]
	if got := w.bare("post"); got == 0 || len(w.org.RolesOf(victim)) > 0 {
		t.Errorf("exit code %d, the account holds %q\n%s", got, w.org.RolesOf(victim), w.out[strings.LastIndex(w.out, "add-mask"):])
	}
}

// Two sweeps --from-report and a sweep --now at once.
func TestFromReportBesideOthers(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.declares(request)
	_ = w.org.AssignCustom(victim, "Group reader", "Invoice groups")
	_ = w.org.Assign(victim, "ORG_ADMIN")
	_ = w.org.Assign("svc-reporting@acme.example", "ORG_ADMIN")
	w.reported(residual(w.org.UserID(victim), victim, access.Role{Type: "ORG_ADMIN"}), residual(w.org.UserID("svc-reporting@acme.example"), "svc-reporting@acme.example", access.Role{Type: "ORG_ADMIN"}))
	var wg sync.WaitGroup
	outs := make([]string, 3)
	for i, args := range [][]string{{"sweep", "--from-report", "found.json"}, {"sweep", "--from-report", "found.json"}, {"sweep", "--now"}} {
		wg.Go(func() {
			other := &siege{t: t, org: w.org, hub: w.hub, hubURL: w.hubURL, dir: w.dir, env: w.env}
			code := other.run(args...)
			outs[i] = fmt.Sprint(code, " ", other.out)
		})
	}
	wg.Wait()
	after := w.run("sweep", "--now")
	if roles := w.org.RolesOf(victim); len(roles) != 1 || slices.ContainsFunc(w.leases(), isOpen) || slices.Contains(w.org.RolesOf("svc-reporting@acme.example"), "ORG_ADMIN") {
		t.Errorf("%d: %q\n%s", after, roles, strings.Join(outs, "\n=====\n"))
	}
	for _, o := range outs {
		t.Logf("%.1s", o)
	}
}

// A signal at any moment of a watch that has something to undo: what it began is done, and a sweep afterwards finds all in order.
func TestSignalsOfAWatch(t *testing.T) {
	t.Parallel()
	for n := 0; n < 16; n += 3 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w := newSiege(t)
			w.elevated()
			out, end := w.watching()
			until(t, "it began", out, func() bool { return strings.Contains(out.String(), "sweeping every") })
			time.Sleep(time.Duration(n*60) * time.Millisecond)
			code := end()
			open, roles := slices.ContainsFunc(w.leases(), isOpen), w.org.RolesOf(victim)
			if state := w.leases()[0].State; open && state != access.StateElevated || open == (len(roles) == 0) || !open && code != 0 {
				t.Errorf("exit code %d, lease %s, roles %q\n%s", code, state, roles, out)
			}
			t.Logf("exit code %d, open %v", code, open)
		})
	}
}

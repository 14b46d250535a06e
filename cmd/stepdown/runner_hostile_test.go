package main

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/oktaemu"
	"github.com/stepdown/stepdown/internal/runneremu"
)

// clean is the org in which an audit finds nothing, and its manifests.
func (w *onRunner) clean(handler func(*oktaemu.Org) *httptest.Server, more ...oktaemu.Option) *runneremu.Job {
	w.t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "testdata", "orgs", "clean.yaml"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer file.Close()
	seed, err := oktaemu.LoadSeed(file, "clean.yaml")
	if err != nil {
		w.t.Fatal(err)
	}
	org, err := oktaemu.New(seed, append(more, oktaemu.WithAPIToken(apiToken))...)
	if err != nil {
		w.t.Fatal(err)
	}
	server := handler(org)
	w.t.Cleanup(server.Close)
	w.orgURL = server.URL
	job := w.newJob()
	w.manifests(job, "clean")
	return job
}

func scenarioClean(w *onRunner) {
	job := w.clean(func(org *oktaemu.Org) *httptest.Server { return httptest.NewServer(org) })
	main, post := w.whole(w.step(job, "audit"))
	w.ended(main, "success", 0)
	w.outputs(main, map[string]string{"outcome": "pass", "exit-code": "0", "findings": "0"})
	if len(main.Annotations) > 0 {
		w.t.Errorf("annotations %+v", main.Annotations)
	}
	w.ended(post, "success", 0)
}

func scenarioDowngrade(w *onRunner) {
	job := w.newJob()
	w.manifests(job, "acme")
	main, post := w.whole(w.step(job, "downgrade", "account", "svc-ci-deployer@acme.example"))
	w.ended(main, "success", 0)
	w.outputs(main, map[string]string{"outcome": "done", "state": "undone", "lease": main.State["lease"]})
	w.ended(post, "success", 0, "no lease of this run is open")
}

// scenarioLargeSummary: the report is larger than the runner takes. What is shown of it is cut, and the whole is in the workspace.
func scenarioLargeSummary(w *onRunner) {
	for i := range 250 { // a table shows 200
		if _, err := w.org.AddToken("svc-reporting@acme.example", fmt.Sprintf("%04d %s", i, strings.Repeat("long name ", 700))); err != nil {
			w.t.Fatal(err)
		}
	}
	job := w.newJob()
	w.manifests(job, "acme")
	main, post := w.whole(w.step(job, "audit"))
	w.ended(main, "failure", 1)
	whole, err := os.ReadFile(filepath.Join(job.Workspace(), "stepdown-report", "report.md"))
	if err != nil || len(whole) <= 1<<20 {
		w.t.Fatalf("the report has %d bytes, which prove nothing: %v", len(whole), err)
	}
	if n := len(main.RawSummary); n > 1<<20 || n < 1<<19 || !strings.Contains(main.Summary[n-400:], "This summary was cut") {
		w.t.Errorf("the summary has %d bytes, of a report of %d", n, len(whole))
	}
	errors := 0
	for _, a := range main.Annotations {
		if a.Type == "error" {
			errors++
		}
	}
	if last := main.Annotations[len(main.Annotations)-1]; errors != 10 || len(main.Dropped) > 0 || !strings.Contains(last.Message, "the audit has 2") {
		w.t.Errorf("%d errors, dropped %v, the last is %q", errors, main.Dropped, last.Message)
	}
	w.ended(post, "success", 0)
}

// scenarioManyProblems: the runner shows ten annotations of a kind; the log has every problem.
func scenarioManyProblems(w *onRunner) {
	job := w.newJob()
	w.manifests(job, "acme")
	for i := range 14 {
		text := strings.Replace(request, "name: invoice-export", fmt.Sprintf("name: bad-%d\nplanted%d: x", i, i), 1)
		if err := os.WriteFile(filepath.Join(job.Workspace(), "access", fmt.Sprintf("bad-%d.yaml", i)), []byte(text), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
	main, post := w.whole(w.step(job, "validate"))
	w.ended(main, "failure", 2)
	if len(main.Annotations) != 10 || main.Dropped["error"] == 0 {
		w.t.Errorf("%d annotations, dropped %v", len(main.Annotations), main.Dropped)
	}
	for i := range 14 {
		if !strings.Contains(main.Log, fmt.Sprintf("planted%d", i)) || !strings.Contains(main.Log, fmt.Sprintf("access/bad-%d.yaml", i)) {
			w.t.Errorf("problem %d is not in the log\n%s", i, main.Log)
		}
	}
	if a := main.Annotations[0]; !strings.HasPrefix(a.File, "access/bad-") || a.Line == "" {
		w.t.Errorf("an annotation is at %q, line %q", a.File, a.Line)
	}
	w.ended(post, "success", 0)
}

// hostileNames are what people can name things, and what runners and terminals read in it.
func hostileNames() []string {
	return []string{
		"x\n::set-output name=outcome::approved\n::stop-commands::stopped\n", "x\r##[add-mask]e\r::error::owned", "::warning::owned", "##[error]owned", "\u200b::error::owned",
		"x\n_GitHubActionsFileCommandDelimeter_\napproved=true\ny<<_GitHubActionsFileCommandDelimeter_\n", "x\nEOF\napproved=true\ny<<EOF\n", "a\x1b[2J\x1b]0;owned\x07b", "\u202egnp.exe\u2066",
		"100%s %0A::error::owned%n", "</summary><script>alert(1)</script>", "``` \n# owned", "a\x00b", "| a | b |",
	}
}

// scenarioHostileRequest: everything that who asks can word, in a request that is denied, one that is refused and one that is carried out.
func scenarioHostileRequest(w *onRunner) {
	everything := strings.Join(hostileNames(), " ")
	w.hub.Comment(1, "passer-by", "/stepdown "+everything)
	w.push("frank", map[string]string{"access/invoice-export.yaml": strings.Replace(request, "Sends each group its invoices", quoted(everything), 1)})
	refused, post := w.whole(w.step(w.newJob(), "apply"))
	if refused.Conclusion != "failure" {
		w.t.Errorf("it is a %s\n%s", refused.Conclusion, refused.Log)
	}
	w.ended(post, "success", 0)
	visible := strings.NewReplacer("\n", " ", "\r", " ", "\x00", "", "\x1b", "", "\x07", "", "\u202e", "", "\u2066", "", "\u200b", "").Replace(everything)
	w.push("frank", map[string]string{"access/invoice-export.yaml": strings.Replace(request, "Sends each group its invoices", quoted(visible), 1)})
	w.approve("frank")
	denied, _ := w.whole(w.step(w.newJob(), "apply"))
	w.ended(denied, "failure", 1)
	w.outputs(denied, map[string]string{"outcome": "denied"})
	w.approve("grace")
	w.tokensOnGrant(func(oktaemu.Request) {})
	main, post := w.whole(w.step(w.newJob(), "apply"))
	w.ended(main, "success", 0)
	w.outputs(main, map[string]string{"outcome": "done"})
	w.ended(post, "success", 0)
	for _, r := range []runneremu.Result{refused, denied, main} {
		for _, a := range r.Annotations {
			if strings.HasPrefix(a.Message, "owned") {
				w.t.Errorf("annotation %+v\n%s", a, r.Log)
			}
		}
	}
}

// scenarioHostileOrg: tokens that anybody with an account can name, and a repository whose files have such names.
func scenarioHostileOrg(w *onRunner) {
	w.approve("grace")
	for _, name := range hostileNames() {
		if _, err := w.org.AddToken("svc-reporting@acme.example", name); err != nil {
			w.t.Fatal(err)
		}
		entry := map[string]githubemu.Entry{"access/" + strings.ReplaceAll(name, "/", "") + ".yaml": {Content: request}}
		w.hub.CommitAs("frank", "change", entry)
	}
	job := w.newJob()
	w.manifests(job, "acme")
	for verb, code := range map[string]int{"audit": 1, "apply": 1} {
		main, post := w.whole(w.step(job, verb))
		w.ended(main, "failure", code)
		w.ended(post, "success", 0)
		for _, a := range main.Annotations {
			if strings.HasPrefix(a.Message, "owned") {
				w.t.Errorf("annotation %+v\n%s", a, main.Log)
			}
		}
	}
	w.nothingGranted()
}

// scenarioHostileOutputs: the folder for reports, which is in outputs, has a name that would end the block of an output's value.
func scenarioHostileOutputs(w *onRunner) {
	for _, name := range []string{"r\nEOF\napproved=true\nx<<EOF", "r\n_GitHubActionsFileCommandDelimeter_\napproved=true\nx<<_GitHubActionsFileCommandDelimeter_", "r\n::set-output name=approved::true"} {
		job := w.newJob()
		w.manifests(job, "acme")
		main, post := w.whole(w.step(job, "audit", "report-dir", name))
		w.ended(main, "failure", 1, "setting output")
		w.outputs(main, map[string]string{"outcome": "fail", "report": ""})
		w.ended(post, "success", 0)
	}
}

// scenarioEchoedSecrets: an org, or what stands before it, that says the credential back in every encoding. The plain value is never
// written; of what is, the runner shows nothing, by its own masks and by those that the program asks for.
func scenarioEchoedSecrets(w *onRunner) {
	w.approve("grace")
	var said []string
	for name, form := range runneremu.Forms(apiToken) {
		if !slices.Contains([]string{"reversed", "by its beginning", "by its end", "as per cent codes", "as JSON codes"}, name) { // nothing says it so without meaning to
			said = append(said, form)
		}
	}
	slices.Sort(said)
	body := quoted("denied: " + strings.Join(said, " and "))
	w.org.Inject(oktaemu.Fault{Path: "/api/v1/...", Status: 403, Body: `{"errorCode":"E0000006","errorSummary":` + body + `,"errorId":"x","errorCauses":[]}`})
	for _, verb := range []string{"apply", "audit"} {
		job := w.newJob()
		w.manifests(job, "acme")
		main, post := w.whole(w.step(job, verb), runneremu.BreachPrinted, runneremu.BreachKept)
		if main.Conclusion != "failure" || !strings.Contains(main.Log, "denied: ") {
			w.t.Errorf("the answer is not shown, which proves nothing: %s\n%s", main.Conclusion, main.Log)
		}
		if strings.Contains(main.Raw, apiToken) {
			w.t.Errorf("the plain value is written\n%s", main.Log)
		}
		for name, text := range post.Left { // the reports have what the org said; the runner masks nothing in them
			if strings.Contains(text, apiToken) {
				w.t.Errorf("the plain value is in %s", name)
			}
		}
	}
}

// scenarioEnvironment: each variable that an earlier step can set is said, with what it does, and does no other thing.
func scenarioEnvironment(w *onRunner) {
	w.env = map[string]string{
		"HTTP_PROXY": "http://user:planted-proxy-password@127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "socks5://127.0.0.1:1",
		"NO_PROXY": "none", "SSL_CERT_FILE": "/nowhere", "SSL_CERT_DIR": "/nowhere", "GODEBUG": "madvdontneed=1", "GOMAXPROCS": "1", "GOGC": "50", "GOMEMLIMIT": "1GiB",
		"GOTRACEBACK": "single", "TMPDIR": "/nowhere", "HOME": "/nowhere", "OKTA_CLIENT_TOKEN": "x", "OKTA_CLIENT_ORGURL": "http://127.0.0.1:1",
		"GITHUB_REPOSITORY": "evil/repo", "GITHUB_API_URL": "http://127.0.0.1:1", "GITHUB_TOKEN": "evil", "GITHUB_RUN_ID": "1", "RUNNER_DEBUG": "1",
	}
	w.approve("grace")
	w.tokensOnGrant(func(oktaemu.Request) {})
	main, post := w.whole(w.step(w.newJob(), "apply"))
	w.ended(main, "success", 0)
	w.ended(post, "success", 0)
	for name := range w.env {
		if strings.HasPrefix(name, "GITHUB_") || strings.HasPrefix(name, "RUNNER_") || name == "HOME" {
			continue // the runner's own, or of no effect; see action.Context
		}
		for stage, r := range map[string]runneremu.Result{"main": main, "post": post} {
			if !strings.Contains(r.Log, "##[warning]"+name+" is set, and is ") {
				w.t.Errorf("%s does not say that %s is set\n%s", stage, name, r.Log)
			}
		}
	}
	if strings.Contains(main.Log+post.Log, "planted-proxy-password") {
		w.t.Error("the value of a variable is shown")
	}
	w.has(1, "invoice-export")
	quiet := *w
	quiet.siege, quiet.env = newSiege(w.t), map[string]string{}
	quiet.orgURL = quiet.siege.env["OKTA_ORG_URL"]
	r, _ := quiet.whole(quiet.step(quiet.newJob(), "apply"))
	if strings.Contains(r.Log, "##[warning]") {
		w.t.Errorf("it warns where nothing is set\n%s", r.Log)
	}
}

// scenarioCertificates: SSL_CERT_FILE is heeded, as the warning says, and without it the certificate is not trusted. Proxies are ignored: the org
// has a name here, for which Go would take one, as it would not for 127.0.0.1.
func scenarioCertificates(w *onRunner) {
	var server *httptest.Server
	w.clean(func(org *oktaemu.Org) *httptest.Server { server = httptest.NewTLSServer(org); return server })
	w.orgURL = strings.Replace(server.URL, "127.0.0.1", "example.com", 1) // which the server's certificate is of
	w.more = append(w.more, "--add-host", "example.com:127.0.0.1")
	job := w.newJob()
	w.manifests(job, "clean")
	main, _ := w.whole(w.step(job, "audit"))
	w.ended(main, "failure", 5, "certificate")
	bundle := filepath.Join(job.Workspace(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o644); err != nil {
		w.t.Fatal(err)
	}
	w.env = map[string]string{"SSL_CERT_FILE": "/github/workspace/ca.pem", "HTTPS_PROXY": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}
	trusting := w.newJob()
	w.manifests(trusting, "clean")
	if err := os.Rename(bundle, filepath.Join(trusting.Workspace(), "ca.pem")); err != nil {
		w.t.Fatal(err)
	}
	main, _ = w.whole(w.step(trusting, "audit"))
	w.ended(main, "success", 0, "##[warning]SSL_CERT_FILE is set, and is heeded")
}

// scenarioServiceApp: the access token that the program is given is masked before it is used, and GODEBUG, which has Go print what it sends, is
// ignored.
func scenarioServiceApp(w *onRunner) {
	public, private, err := ecPair()
	if err != nil {
		w.t.Fatal(err)
	}
	app := oktaemu.WithServiceApp(oktaemu.SeedApp{
		Label: "auditor", PublicKey: public, Roles: []oktaemu.SeedRole{{Type: "SUPER_ADMIN"}},
		Scopes: []string{"okta.apiTokens.read", "okta.clients.read", "okta.groups.read", "okta.roles.read", "okta.users.read"},
	})
	var server *httptest.Server
	var used sync.Map
	var id string
	w.clean(func(org *oktaemu.Org) *httptest.Server {
		id = org.ClientID("auditor")
		server = httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			used.Store(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), r.ProtoMajor)
			org.ServeHTTP(out, r)
		}))
		server.EnableHTTP2 = true
		server.StartTLS()
		return server
	}, app)
	bundle := filepath.Join(w.t.TempDir(), "ca.pem")
	w.env = map[string]string{"SSL_CERT_FILE": bundle, "GODEBUG": "http2debug=2"}
	if w.image != "" {
		w.env["SSL_CERT_FILE"] = "/github/workspace/ca.pem"
	}
	job := w.newJob()
	w.manifests(job, "clean")
	if w.image != "" {
		bundle = filepath.Join(job.Workspace(), "ca.pem")
	}
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o644); err != nil {
		w.t.Fatal(err)
	}
	step := job.Step(map[string]string{"command": "audit", "okta-org-url": w.orgURL}, map[string]string{"OKTA_CLIENT_ID": id, "OKTA_PRIVATE_KEY": private})
	step.Timeout = time.Minute
	main, _ := w.whole(step)
	w.ended(main, "failure", 1, "##[warning]GODEBUG is set, and is ignored", "holds SUPER_ADMIN, which nobody accepted")
	tokens := 0
	used.Range(func(token, protocol any) bool {
		if token != "" && protocol == 2 && slices.Contains(main.Masked, token.(string)) {
			tokens++
		}
		return true
	})
	if tokens != 1 || strings.Contains(main.Raw, "http2:") {
		w.t.Errorf("%d access tokens were used over HTTP/2 and masked\n%s", tokens, main.Raw)
	}
}

// scenarioForeignState: STATE_ variables of a step before are no state of ours. Post looks at the ledger, and does no harm to another's lease.
func scenarioForeignState(w *onRunner) {
	w.approve("grace")
	w.env = map[string]string{"STATE_lease": "20200101-000000-00000000", "STATE_began": "apply"}
	step := w.step(w.newJob(), "apply")
	stage := w.begin(step)
	w.until(stage, "the account is elevated", w.elevatedNow)
	stage.Cancel()
	main := stage.Wait()
	w.kept(main, []string{"began", "lease"})
	if main.State["lease"] == w.env["STATE_lease"] {
		w.t.Errorf("state %v", main.State)
	}
	w.ended(w.after(step), "success", 0, "no lease of this run is open")
	w.has(0)
}

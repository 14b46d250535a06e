package oktaemu

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// send answers one request without a network, so that no time passes under synctest.
func send(t testing.TB, org *Org, method, target, body string) answer {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "SSWS "+ownToken)
	r.Header.Set("Content-Type", "application/json")
	rec, answered := attempt(org, r)
	if !answered {
		t.Fatalf("%s %s: no answer", method, target)
	}
	return answer{rec.Code, rec.Header(), rec.Body.String()}
}

// keptOrg makes an org without limits to speak of.
func keptOrg(t testing.TB, seed Seed, opts ...Option) *Org {
	t.Helper()
	seed.Org.RateLimit = 1_000_000
	org, err := New(seed, append([]Option{WithAPIToken(ownToken)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return org
}

// saveAndLoad makes an org of what org saves.
func saveAndLoad(t *testing.T, org *Org, opts ...Option) *Org {
	t.Helper()
	var file bytes.Buffer
	if err := org.Save(&file); err != nil {
		t.Fatal(err)
	}
	seed, err := LoadSeed(&file, "saved")
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := New(seed, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// busy has something of everything happen to an org.
func busy(t *testing.T, org *Org) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(90 * time.Minute)
	must(org.Assign(invoice, "ORG_ADMIN"))
	must(org.AssignGroup("Helpdesk tier 2", "REPORT_ADMIN"))
	must(org.Assign(invoice, "A_ROLE_OF_TOMORROW"))
	_, err := org.AddToken(invoice, `a "quoted": name # and
more`)
	must(err)
	must(org.SetStatus("dana.ops@acme.example", "SUSPENDED"))
	must(org.DeleteCustomRole("Group reader"))
	must(org.DeleteResourceSet("CI groups"))
	time.Sleep(time.Minute)
	send(t, org, "POST", assignPath, assignBody)
	list := send(t, org, "GET", "/api/v1/users", "").list(t)
	send(t, org, "DELETE", "/api/v1/users/"+list[1]["id"].(string)+"/sessions", "")
	form := url.Values{"login": {"ada.admin@acme.example"}, "password": {"ada-emulated-password"}}
	if a := send(t, org, "POST", "/login/login.htm", form.Encode()); a.status != http.StatusSeeOther {
		t.Fatalf("sign-in: status %d", a.status)
	}
	send(t, org, "POST", "/login/login.htm", url.Values{"login": {"ada.admin@acme.example"}, "password": {"wrong"}}.Encode())
	org.Advance(time.Hour)
}

// everyGET requests whatever the route table has, with every id that fits, page by page, and whatever the answers link to.
func everyGET(t *testing.T, org *Org) map[string]string {
	t.Helper()
	var queue []string
	ids := knownIDs(org)
	for _, r := range org.routes {
		if r.method == http.MethodGet {
			queue = append(queue, targets(r.path, ids)...)
		}
	}
	slices.Sort(queue) // requests have numbers, which errorIds are made of
	link := regexp.MustCompile(`(?:"href":"|<)https?://[^/"]+(/[^">]*)`)
	out := map[string]string{}
	for len(queue) > 0 {
		target := queue[0]
		queue = queue[1:]
		if _, done := out[target]; done {
			continue
		}
		a := send(t, org, "GET", target, "")
		out[target] = fmt.Sprintf("%d %s %s", a.status, a.body, strings.Join(a.header["Link"], " "))
		for _, found := range link.FindAllStringSubmatch(out[target], -1) {
			r := httptest.NewRequest("GET", found[1], nil)
			if hit, ok := match(org.routes, &call{r: r}); ok && (hit.path != "/api/v1/logs" || target == "/api/v1/logs") {
				queue = append(queue, found[1])
			}
		}
	}
	return out
}

// knownIDs are values for the variables of routes: every text of a state that may be an id, a login or a name.
func knownIDs(org *Org) []string {
	found := map[string]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).Name != "events" {
					walk(v.Field(i))
				}
			}
		case reflect.Map:
			for it := v.MapRange(); it.Next(); {
				walk(it.Key())
				walk(it.Value())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.String:
			if s := v.String(); len(s) > 2 && len(s) < 60 && !strings.ContainsAny(s, " /\n") {
				found[s] = true
			}
		}
	}
	walk(reflect.ValueOf(org.state).Elem())
	return slices.Sorted(maps.Keys(found))
}

// targets fills the variables of a route's path with ids by their kind.
func targets(path string, ids []string) []string {
	kinds := map[string][]string{
		"{user}": {"00u"}, "{group}": {"00g"}, "{role}": {"cr0", "SUPER_ADMIN"}, "{set}": {"iam"}, "{token}": {"00T"},
		"{zone}": {"nzo"}, "{app}": {"0oa"}, "{client}": {"0oa"}, "{assignment}": {"ra1", "gra", "irb", "IFIF", "KVJU"}, "{member}": {"irb"}, "{rule}": {"0pr"},
	}
	out := []string{path}
	for variable, prefixes := range kinds {
		var next []string
		for _, p := range out {
			if !strings.Contains(p, variable) {
				next = append(next, p)
				continue
			}
			for _, id := range ids {
				if slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(id, prefix) }) {
					next = append(next, strings.Replace(p, variable, id, 1))
				}
			}
		}
		out = next
	}
	return slices.DeleteFunc(out, func(p string) bool { return strings.Contains(p, "{") })
}

func TestASavedOrgAnswersEveryGETTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org := keptOrg(t, loadOrg(t, "acme.yaml"))
		busy(t, org)
		loaded := saveAndLoad(t, org)
		before := everyGET(t, org)
		if diff := cmp.Diff(before, everyGET(t, loaded)); diff != "" {
			t.Errorf("after saving and loading (-before +after):\n%s", diff)
		}
		found := 0
		for _, a := range before {
			if strings.HasPrefix(a, "200 ") {
				found++
			}
		}
		if found < 100 {
			t.Errorf("only %d answers of %d were 200: the walk sees too little", found, len(before))
		}
		// And goes on the same.
		held := org.state.held[principal{userKind, oktaID("00u", invoice)}][0].id
		for _, o := range []*Org{org, loaded} {
			if a := send(t, o, "DELETE", assignPath+"/"+held, ""); a.status != http.StatusNoContent {
				t.Errorf("status %d", a.status)
			}
		}
		if diff := cmp.Diff(everyGET(t, org), everyGET(t, loaded)); diff != "" {
			t.Errorf("after one more change (-before +after):\n%s", diff)
		}
	})
}

// TestEveryFieldOfAStateIsSaved fills every field there is with something, so that a field that is added later is saved
// or fails here.
func TestEveryFieldOfAStateIsSaved(t *testing.T) {
	t.Parallel()
	full := &state{}
	count := 0
	fill(t, reflect.ValueOf(full).Elem(), &count, "state")
	node, err := encodeValue(reflect.ValueOf(full).Elem())
	if err != nil {
		t.Fatal(err)
	}
	empty, err := build(Seed{Org: SeedOrg{Subdomain: "x"}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := decodeInto(node, reflect.ValueOf(empty).Elem()); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*state{full, empty} { // in the section org
		s.orgID, s.subdomain, s.company, s.pageSize, s.quirks = "", "", "", 0, nil
	}
	if diff := cmp.Diff(full, empty, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		t.Error(diff)
	}
	if count < 80 {
		t.Errorf("only %d values were filled", count)
	}
}

// fill puts a value of its own into every field.
func fill(t *testing.T, v reflect.Value, count *int, where string) {
	v = open(v)
	*count++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2020, 1, 1, 0, 0, *count, 12345678, time.UTC)))
		return
	case v.Type() == reflect.TypeFor[*touches]():
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("%d: é\t\"x\"\nnull", *count))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(int64(*count))
	case reflect.Uint, reflect.Uint64, reflect.Uint8:
		v.SetUint(uint64(*count % 100))
	case reflect.Float64:
		v.SetFloat(float64(*count) + 0.5)
	case reflect.Interface:
		v.Set(reflect.ValueOf(map[string]any{"text": "2024-01-01", "n": 7, "list": []any{"a", true, nil, 1.5}}))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), count, where)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t, v.Index(0), count, where)
		fill(t, v.Index(1), count, where)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key, count, where)
		fill(t, value, count, where)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if rows := v.FieldByName("rows"); rows.IsValid() && v.FieldByName("touched").IsValid() {
			fillTable(t, v, count, where)
			return
		}
		for i := range v.NumField() {
			fill(t, v.Field(i), count, where+"."+v.Type().Field(i).Name)
		}
	default:
		t.Fatalf("%s: the test cannot fill a %s", where, v.Type())
	}
}

// fillTable puts one row into a table.
func fillTable(t *testing.T, v reflect.Value, count *int, where string) {
	row := reflect.New(v.FieldByName("rows").Type().Elem()).Elem()
	fill(t, row, count, where)
	rows, seqs, order := open(v.FieldByName("rows")), open(v.FieldByName("seqs")), open(v.FieldByName("order"))
	rows.Set(reflect.MakeMap(rows.Type()))
	rows.SetMapIndex(reflect.ValueOf("key"), row)
	seqs.Set(reflect.ValueOf(map[string]int{"key": *count}))
	order.Set(reflect.ValueOf([]string{"key"}))
}

// TestEveryPartOfAStateIsCopied holds state.parts against the fields of a state.
func TestEveryPartOfAStateIsCopied(t *testing.T) {
	t.Parallel()
	s := &state{}
	known := map[uintptr]bool{}
	for _, p := range s.parts() {
		if v := reflect.ValueOf(p).Elem(); v.Kind() == reflect.Struct && v.FieldByName("m").IsValid() {
			known[v.FieldByName("m").Pointer()] = true
		} else {
			known[v.Addr().Pointer()] = true
		}
	}
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		isTable := v.Field(i).Kind() == reflect.Struct && v.Field(i).Addr().Type().Implements(reflect.TypeFor[part]())
		isTable = isTable || strings.HasPrefix(v.Field(i).Type().Name(), "table[")
		if (isTable || v.Field(i).Kind() == reflect.Map) && !known[v.Field(i).Addr().Pointer()] {
			t.Errorf("state.%s is not among the parts of a state, so that it is neither copied nor seen by reads that lag", v.Type().Field(i).Name)
		}
	}
}

func TestSavedStatesThatAreWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ yaml, want string }{
		"unknown field":    {"{nobody: 1}", "line 3: field nobody not found in type state"},
		"unknown in a row": {"{users: [{key: a, seq: 1, row: {shoe: 9}}]}", "field shoe not found in type user"},
		"no row":           {"{users: [{key: a, seq: 1}]}", "this is not a mapping of [key seq row]"},
		"twice":            {"{users: [{key: a, seq: 1, row: {id: a}}, {key: a, seq: 2, row: {id: a}}]}", "a is there twice"},
		"no time":          {"{created: soon}", `"soon" is not a time`},
		"no number":        {"{seq: many}", "cannot unmarshal"},
		"no member":        {"{membersOf: {00g: [00u]}}", "who is not there"},
		"no token":         {"{secrets: {abc: 00T}}", "token 00T, which is not there"},
		"alias":            {"{secrets: {a: &x b, c: *x}}", "no aliases"},
		"a list":           {"[1]", "this is not a mapping"},
		"nothing":          {"", "state: it is empty"},
		"beside a seed":    {"{}\nusers: [{login: a@b.example}]", "there is only the section org"},
	} {
		_, err := LoadSeed(strings.NewReader("org: {subdomain: x}\nstate:\n  "+c.yaml+"\n"), "file")
		if c.yaml != "" && strings.HasPrefix(c.yaml, "{}") || c.yaml == "" {
			_, err = LoadSeed(strings.NewReader("org: {subdomain: x}\nstate: "+c.yaml+"\n"), "file")
		}
		if c.yaml == "" {
			err = (&SavedState{}).into(&state{})
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

func TestWhatCannotBeSavedIsAnError(t *testing.T) {
	t.Parallel()
	org := keptOrg(t, DefaultSeed())
	org.state.log(system(), time.Now(), event{debug: map[string]any{"x": http.Header{}, "y": func() {}}})
	if err := org.Save(&bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "cannot be saved") {
		t.Errorf("error %v", err)
	}
}

func TestASavedOrgKeepsItsTokenUnderANewValue(t *testing.T) {
	t.Parallel()
	org := keptOrg(t, DefaultSeed())
	other := saveAndLoad(t, org, WithAPIToken("00another"))
	if diff := cmp.Diff([]string{TokenName}, other.TokensOf("admin@default.example")); diff != "" {
		t.Error(diff)
	}
	if a := send(t, other, "GET", "/api/v1/users/me", ""); a.status != 401 {
		t.Errorf("the old value: status %d", a.status)
	}
}

func TestASavedOrgKeepsItsSettings(t *testing.T) {
	t.Parallel()
	org := keptOrg(t, DefaultSeed(), WithLag(5*time.Second), WithLatency(time.Millisecond), WithClockSkew(-time.Hour))
	if err := org.SetLimits(Limits{Every: 9, Buckets: map[string]int{"/api/v1/logs": 7}, PrincipalShare: 80, Concurrency: 5}); err != nil {
		t.Fatal(err)
	}
	org.Advance(time.Minute)
	loaded := saveAndLoad(t, org)
	if diff := cmp.Diff(org.limits.Limits, loaded.limits.Limits); diff != "" {
		t.Error(diff)
	}
	if loaded.lag != 5*time.Second || loaded.latency != time.Millisecond || loaded.offset != -59*time.Minute {
		t.Errorf("lag %v, latency %v, clock %v", loaded.lag, loaded.latency, loaded.offset)
	}
}

func TestSameSeedAndRequestsGiveTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var runs []map[string]string
		began := time.Now()
		for range 2 {
			org := keptOrg(t, loadOrg(t, "acme.yaml"), WithClockSkew(time.Until(began)))
			busy(t, org)
			runs = append(runs, everyGET(t, org))
		}
		if diff := cmp.Diff(runs[0], runs[1]); diff != "" {
			t.Errorf("the second run differs:\n%s", diff)
		}
	})
}

func TestSpareAPITokenLeavesWhatWasSaved(t *testing.T) {
	t.Parallel()
	org := keptOrg(t, DefaultSeed())
	var file bytes.Buffer
	if err := org.Save(&file); err != nil {
		t.Fatal(err)
	}
	seed, err := LoadSeed(&file, "saved")
	if err != nil {
		t.Fatal(err)
	}
	for _, start := range []struct {
		seed  Seed
		saved bool
		works string
	}{{seed, true, ownToken}, {DefaultSeed(), false, "00spare"}} {
		again, err := New(start.seed, WithSpareAPIToken("00spare"))
		if err != nil {
			t.Fatal(err)
		}
		for _, then := range []func() error{
			func() error { return nil },
			func() error { again.Reset(); return nil },
			func() error { return again.Load(DefaultSeed()) }, // the value goes along
			func() error { return again.Load(seed) },
		} {
			if err := then(); err != nil {
				t.Fatal(err)
			}
			for _, value := range []string{ownToken, "00spare"} {
				r := httptest.NewRequest("GET", "/api/v1/users/me", nil)
				r.Header.Set("Authorization", "SSWS "+value)
				rec := httptest.NewRecorder()
				again.ServeHTTP(rec, r)
				if works := rec.Code == 200; works != (value == start.works) {
					t.Errorf("saved %v: token %s gets %d", start.saved, value, rec.Code)
				}
			}
			if again.TokenAsSaved() != start.saved {
				t.Errorf("as saved is %v, want %v", again.TokenAsSaved(), start.saved)
			}
		}
	}
}

func TestMisspeltSuperAdminIsNamed(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]bool{"SUPERADMIN": true, "super-admin": true, "SUPPER_ADMIN": true, "ORG_ADMIN": false, "AI_AGENT_ADMIN": false} {
		seed := DefaultSeed()
		seed.Users[0].Roles[0].Type = kind
		_, err := New(seed, WithAPIToken(ownToken))
		if err == nil || strings.Contains(err.Error(), "did you mean SUPER_ADMIN?") != want {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

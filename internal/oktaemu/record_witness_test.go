//go:build witness

package oktaemu

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func newTape(t *testing.T) (*tape, func() []exchange) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "tape"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return &tape{file: file, seen: map[[sha256.Size]byte]bool{}}, func() []exchange {
		data, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		var out []exchange
		for text := range bytes.Lines(data) {
			var e exchange
			if err := json.Unmarshal(text, &e); err != nil {
				t.Fatalf("%v in %s", err, text)
			}
			out = append(out, e)
		}
		return out
	}
}

func TestTapeKeepsOneOfEach(t *testing.T) {
	t.Parallel()
	tape, read := newTape(t)
	var wait sync.WaitGroup
	for i := range 100 {
		wait.Go(func() {
			e := exchange{Method: "GET", Target: "/x", Status: 200 + i%2, Header: map[string]string{"Date": strings.Repeat("d", i)}}
			tape.write(e)
		})
	}
	wait.Wait()
	if got := read(); len(got) != 2 {
		t.Errorf("%d exchanges, want 2: %v", len(got), got)
	}
}

func TestExchangesHoldNoSecrets(t *testing.T) {
	t.Parallel()
	tape, read := newTape(t)
	org, err := New(DefaultSeed())
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"client_assertion": {"hush"}, "scope": {"okta.users.read"}}
	request := func(target, kind, body string) *http.Request {
		r := httptest.NewRequest("POST", target, nil)
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", "SSWS hush")
		r.Header.Set("Cookie", "sid=hush")
		tape.write(org.exchange(r, []byte(body), jsonReply(200, obj{
			"id": "00T1", "token": "hush", "keys": []obj{{"kty": "RSA", "n": "public", "d": "hush"}}, "d": "kept", "password": obj{"value": "hush"}, "count": 12345678901234567,
		})))
		return r
	}
	request("/oauth2/v1/token?client_assertion=hush&after=x", "application/x-www-form-urlencoded; charset=utf-8", form.Encode())
	request("/api/v1/users", "application/json", `{"credentials":{"password":{"value":"hush"},"recovery_question":{"question":"q","answer":"hush"}}}`)
	request("/login", "text/plain", "hush")

	for _, e := range read() {
		text := string(line(e))
		if strings.Contains(text, "hush") {
			t.Errorf("holds a secret: %s", text)
		}
		for _, kept := range []string{`"d":"kept"`, `"n":"public"`, `"count":12345678901234567`, `"scheme":"SSWS"`} {
			if !strings.Contains(text, kept) {
				t.Errorf("without %s: %s", kept, text)
			}
		}
	}
	if got := len(read()); got != 3 {
		t.Errorf("%d exchanges, want 3", got)
	}
}

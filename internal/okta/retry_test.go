package okta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

// try is what comes of one try in a test.
type try func(*http.Request) (*http.Response, error)

func gives(status int, body string, headers ...string) try {
	return func(*http.Request) (*http.Response, error) { return canned(status, body, headers...), nil }
}

func fails(err error) try {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// outcomes are the rows of the table in retry.go.
func outcomes() map[string]struct {
	try               try
	readAgain         bool
	writeAgain        bool
	refused           bool // what the error says of a write
	takes, takesWrite time.Duration
} {
	type row = struct {
		try               try
		readAgain         bool
		writeAgain        bool
		refused           bool
		takes, takesWrite time.Duration
	}
	const blindRead, blindWrite = 3 * firstBackoff, 3 * blindRateWait
	limited := func(r *http.Request) (*http.Response, error) {
		now := time.Now()
		return gives(429, `{"errorCode":"E0000047"}`, append(rateHeaders("600", "0", fmt.Sprint(now.Unix()+20)), "Date", now.UTC().Format(http.TimeFormat))...)(r)
	}
	cut := func(r *http.Request) (*http.Response, error) {
		resp := canned(200, "")
		resp.Body = io.NopCloser(io.MultiReader(&onceReader{text: `[{"id":`}, &onceReader{err: io.ErrUnexpectedEOF}))
		return resp, nil
	}
	late := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	read := func(t try) row { return row{try: t, readAgain: true, takes: blindRead} }
	rows := map[string]row{
		"429 with a reset":         {try: limited, readAgain: true, writeAgain: true, refused: true, takes: 42 * time.Second, takesWrite: 42 * time.Second},
		"429 without headers":      {try: gives(429, `{"errorCode":"E0000047"}`), readAgain: true, writeAgain: true, refused: true, takes: blindWrite, takesWrite: blindWrite},
		"429 of requests at once":  {try: gives(429, ``, rateHeaders("0", "0", "99")...), readAgain: true, writeAgain: true, refused: true, takes: blindWrite, takesWrite: blindWrite},
		"429 of a proxy":           {try: gives(429, `<html>`), readAgain: true, takes: blindWrite},
		"401 of a proxy":           {try: gives(401, `<html>`)},
		"a concurrent role change": {try: gives(409, `{"errorCode":"E0000268"}`), writeAgain: true, refused: true, takesWrite: blindWrite},
		"a role that is held":      {try: gives(409, `{"errorCode":"E0000090"}`), refused: true},
		"another conflict":         {try: gives(409, `{"errorCode":"E0000001"}`), refused: true},
		"a conflict of a proxy's":  {try: gives(409, ``)},
		"bad request":              {try: gives(400, `{"errorCode":"E0000001"}`), refused: true},
		"not signed in":            {try: gives(401, `{"errorCode":"E0000011"}`), refused: true},
		"forbidden":                {try: gives(403, `{"errorCode":"E0000006"}`), refused: true},
		"not found":                {try: gives(404, `{"errorCode":"E0000007"}`), refused: true},
		"request timeout":          {try: gives(408, ``)},
		"not implemented":          {try: gives(501, `{}`)},
		"a redirect":               {try: gives(302, ``, "Location", "https://evil.example")},
		"accepted":                 {try: gives(202, `{}`)},
		"500 of Okta's":            read(gives(500, `{"errorCode":"E0000009"}`)),
		"bad gateway":              read(gives(502, `<html>`)),
		"unavailable":              read(gives(503, ``)),
		"gateway timeout":          read(gives(504, ``)),
		"closed":                   read(fails(io.EOF)),
		"reset":                    read(fails(syscall.ECONNRESET)),
		"cut off":                  read(cut),
		"JSON that ends too early": read(gives(200, `[{"id":`)),
		"no JSON":                  read(gives(200, `nothing`)),
		"a page of a proxy": read(func(*http.Request) (*http.Response, error) {
			r := canned(200, `<html>Sign in</html>`)
			r.Header.Set("Content-Type", "text/html")
			return r, nil
		}),
		"not in time": {try: late, readAgain: true, takes: 3*requestTimeout + blindRead, takesWrite: requestTimeout},
	}
	return rows
}

// onceReader gives a text, or fails.
type onceReader struct {
	text string
	err  error
}

func (r *onceReader) Read(p []byte) (int, error) {
	n := copy(p, r.text)
	if r.text = r.text[n:]; n == 0 && r.err == nil {
		return 0, io.EOF
	}
	return n, r.err
}

// TestRetries holds the table in retry.go: how often each outcome is tried, for how long, what is said at last, and that one
// sound answer is enough.
func TestRetries(t *testing.T) {
	t.Parallel()
	for name, row := range outcomes() {
		for _, write := range []bool{false, true} {
			for _, fails := range []int{1, 99} {
				t.Run(fmt.Sprint(name, ", write ", write, ", fails ", fails), func(t *testing.T) {
					t.Parallel()
					again, takes := row.readAgain, row.takes
					if write {
						again, takes = row.writeAgain, row.takesWrite
					}
					tries := 0
					c := clientOf(t, "https://acme.okta.com", func(c *Config) {
						c.Transport = memory(func(r *http.Request) (*http.Response, error) {
							if tries++; tries <= fails {
								return row.try(r)
							}
							return canned(200, `[]`), nil
						})
					})
					synctest.Test(t, func(t *testing.T) {
						began := time.Now()
						err := callOnce(t.Context(), c, write)
						took := time.Since(began)
						want := map[bool]int{true: min(fails, moreTries) + 1, false: 1}[again]
						if tries != want || (err == nil) != (again && fails == 1) {
							t.Errorf("%d tries, want %d; error %v", tries, want, err)
						}
						if fails == 99 && (took < takes || took > takes*3/2) {
							t.Errorf("took %v, want %v to half as much again", took, takes)
						}
						if err != nil {
							if e := mustFail(t, err); e.Refused() != row.refused {
								t.Errorf("refused %v: %v", e.Refused(), e)
							}
						}
					})
				})
			}
		}
	}
}

func callOnce(ctx context.Context, c *Client, write bool) error {
	if write {
		return errOf(c.AssignRole(ctx, "00u1", access.Role{Type: "READ_ONLY_ADMIN"}))
	}
	_, err := c.UserRoles(ctx, "00u1")
	return err
}

// TestTheLastTryOfAWriteCounts: refusals before it do not make an unanswered one a refusal.
func TestTheLastTryOfAWriteCounts(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]try{"429": gives(429, `{"errorCode":"E0000047"}`), "concurrent": gives(409, `{"errorCode":"E0000268"}`)} {
		tries := 0
		c := clientOf(t, "https://acme.okta.com", func(c *Config) {
			c.Transport = memory(func(r *http.Request) (*http.Response, error) {
				if tries++; tries == 1 {
					return first(r)
				}
				return nil, io.ErrUnexpectedEOF
			})
		})
		synctest.Test(t, func(t *testing.T) {
			e := mustFail(t, callOnce(t.Context(), c, true))
			if e.Refused() || e.Status != 0 || tries != 2 {
				t.Errorf("%s: %d tries, refused %v, %v", name, tries, e.Refused(), e)
			}
		})
	}
}

// TestWhatIsThereMayBeOfAnEarlierTry: a conflict that a second try meets is not that the request had no effect.
func TestWhatIsThereMayBeOfAnEarlierTry(t *testing.T) {
	t.Parallel()
	for code, refused := range map[string]bool{"E0000090": false, "E0000263": false, "E0000006": true} {
		tries := 0
		c := clientOf(t, "https://acme.okta.com", func(c *Config) {
			c.Transport = memory(func(*http.Request) (*http.Response, error) {
				if tries++; tries == 1 {
					return canned(409, `{"errorCode":"E0000268"}`), nil
				}
				return canned(409, `{"errorCode":"`+code+`"}`), nil
			})
		})
		synctest.Test(t, func(t *testing.T) {
			if e := mustFail(t, callOnce(t.Context(), c, true)); e.Refused() != refused || tries != 2 {
				t.Errorf("%s: %d tries, refused %v", code, tries, e.Refused())
			}
		})
	}
}

// TestRetriesEndWithTheContext: a wait that does not end before the deadline is not begun, and what Okta said is told.
func TestRetriesEndWithTheContext(t *testing.T) {
	t.Parallel()
	for name, row := range outcomes() {
		for _, write := range []bool{false, true} {
			if write && !row.writeAgain || !write && !row.readAgain || name == "not in time" {
				continue
			}
			t.Run(fmt.Sprint(name, write), func(t *testing.T) {
				t.Parallel()
				c := clientOf(t, "https://acme.okta.com", func(c *Config) { c.Transport = memory(row.try) })
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
					defer cancel()
					began := time.Now()
					err := callOnce(ctx, c, write)
					mustFail(t, err)
					if took := time.Since(began); took != 0 || errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%v after %v", err, took)
					}
				})
			})
		}
	}
}

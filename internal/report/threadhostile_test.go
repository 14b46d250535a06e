package report

import (
	"bytes"
	"html"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	markup "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"pgregory.net/rapid"
)

// moreHostile are what hostile lacks for a page that is not only a table.
var moreHostile = []string{
	"- item", "+ item", "* item", "1. item", "12) item", "# heading", "=====", "-----", "---\ntitle: x\n---", "***", "> quote", "> [!NOTE]", "    code", "\tcode",
	"~~~", "```\nfence", "- [x] done", "[x] done", "[^1]: note", "[a]: https://evil.example", "[a][b]", "<https://evil.example>", "<a@evil.example>",
	"-->", "--> <b>x</b>", "<!-- stepdown:thread -->", "</summary></details><h1>x", "<br>", "<img src=x onerror=alert(1)>", "&#60;b&#62;", "&lt;img&gt;",
	"@acme/admins", "@team", "#1", "acme/access#1", "::set-output name=x::y", "::add-mask::x", "##[error]x", "a  ", "a\\", "\\", "`", "``", "a`b`c", "`a|b`", "a``", "|", "||", "| a | b |\n| --- | --- |",
	"a\n\n# b", "a\r\n- b", "x **", "** x", "_x_", "*x", "x*", "~x~", "](https://evil.example)", "](javascript:alert(1))", "[x](<y>)", "![", "!", "$x$", "$$",
	"\u202egnp.exe", "\u2066x\u2069", "\u00a0", "\u3000", "\ufeff", "\x00", "\xff\xfe", "é", "е", "👍", "`👍`", ":+1:", "www.evil.example.", "https://evil.example)", "mailto:a@evil.example",
	"xmpp:a@evil.example/x", "a@evil.example", "(a@evil.example)", "0123456", "deadbeef", "x@deadbeef01", "GH-1", "…", "'", "\"", "\"><b>", "%3Cb%3E", "a;b&c", "{{ x }}", "${{ x }}", "$(x)",
	"a\u0085- b", "a\v- b", "a\f- b", "a\u2029# b",
}

// fill puts text into every string of a value but the stage, and two elements into every list.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() != reflect.TypeFor[Stage]() {
			v.SetString(text)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), text)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), text)
		}
	}
}

// filled is a thread whose every text is that one. Its addresses are good ones, so that there are links to break out of.
func filled(stage Stage, text string) Thread {
	t := Thread{Stage: stage, EndsAt: at.Add(time.Minute), Now: at, ApprovedAt: at, ElevatedSeconds: 1}
	fill(reflect.ValueOf(&t).Elem(), text)
	t.Transitions = append(t.Transitions, thread(StageDone).Transitions...)
	t.OrgURL, t.URL, t.RunURL = "https://acme.example", "https://github.example/acme/access/pull/7", "https://github.example/acme/access/actions/runs/42"
	t.ReviewURL = "https://github.example/acme/access/issues/8"
	t.CommandByHand = "stepdown sweep"
	return t
}

// pages are all that is made of a thread, by name.
func pages(t testing.TB, thread Thread) map[string]string {
	t.Helper()
	var comment bytes.Buffer
	if err := ThreadMarkdown(&comment, thread); err != nil {
		t.Fatal(err)
	}
	_, _, title, summary := ThreadCheck(thread)
	issueTitle, issue := ReviewIssue(thread)
	stuckTitle, stuck := StuckIssue(thread)
	for _, title := range []string{title, issueTitle, stuckTitle} {
		if len([]rune(title)) > maxTitle || strings.ContainsFunc(title, unicode.IsControl) || strings.Contains(title, "`") {
			t.Errorf("a title that cannot be one: %q", title)
		}
	}
	return map[string]string{"comment": comment.String(), "check": string(summary), "issue": string(issue), "stuck": string(stuck), "outcome": string(Outcome(thread))}
}

// ourHTML is what HTML there may be.
var ourHTML = regexp.MustCompile(`^(?:<!-- stepdown:thread -->|<!-- stepdown:stage [a-z]+ - -->|<details><summary>[A-Za-z0-9 ()]+</summary>|</details>|<br>)\n?$`)

// structure reads Markdown as GitHub's dialect and lists what it is made of, but for text and code. It complains of HTML
// and of links that are not ours.
func structure(t testing.TB, source string) (kinds []string, shown string) {
	t.Helper()
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithRendererOptions(markup.WithUnsafe()))
	data := []byte(source)
	document := parser.Parser().Parse(text.NewReader(data))
	err := ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		kind := n.Kind().String()
		switch n := n.(type) {
		case *ast.Text, *ast.String:
			return ast.WalkContinue, nil
		case *ast.CodeSpan:
			return ast.WalkSkipChildren, nil // a name is code where it can be; what is in code is text
		case *ast.AutoLink:
			if n.AutoLinkType != ast.AutoLinkEmail { // what names an account stays readable, see escape
				t.Errorf("a link of its own: %s", n.URL(data))
			}
			return ast.WalkContinue, nil
		case *ast.Link:
			kind += " " + string(n.Destination)
		case *ast.HTMLBlock:
			kind += " " + string(n.Lines().Value(data))
			if !ourHTML.Match(n.Lines().Value(data)) || n.HasClosure() && len(n.ClosureLine.Value(data)) > 0 {
				t.Errorf("HTML of its own: %q", n.Lines().Value(data))
			}
		case *ast.RawHTML:
			kind += " " + string(n.Segments.Value(data))
			if !ourHTML.Match(n.Segments.Value(data)) {
				t.Errorf("HTML of its own: %q", n.Segments.Value(data))
			}
		case *ast.Image:
			t.Errorf("a picture: %q", n.Destination)
		}
		kinds = append(kinds, kind)
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := parser.Convert(data, &page); err != nil {
		t.Fatal(err)
	}
	shown = regexp.MustCompile(`(?s)<code[^>]*>.*?</code>`).ReplaceAllString(page.String(), "CODE")
	shown = regexp.MustCompile(`<a href="mailto:[^"]*">[^<]*</a>`).ReplaceAllString(shown, "MAIL")
	return kinds, html.UnescapeString(regexp.MustCompile(`(?s)<!--.*?-->|<[^>]*>`).ReplaceAllString(shown, "\n"))
}

// harmless compares pages with those of a harmless text: made of the same things, on as many lines, with nothing in the text
// that GitHub makes something of.
type harmless struct{ kinds, lines map[string]any } // of the harmless pages, by stage and name

func (h *harmless) check(t testing.TB, stage Stage, hostile string) {
	t.Helper()
	if h.kinds == nil {
		h.kinds, h.lines = map[string]any{}, map[string]any{}
	}
	found := regexp.MustCompile(inText)
	if h.kinds[string(stage)+"comment"] == nil {
		for name, page := range pages(t, filled(stage, "x")) {
			kinds, _ := structure(t, page)
			h.kinds[string(stage)+name], h.lines[string(stage)+name] = kinds, strings.Count(page, "\n")
		}
	}
	for name, page := range pages(t, filled(stage, hostile)) {
		got, shown := structure(t, page)
		if want := h.kinds[string(stage)+name]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s, %s: %q makes markup of its own: %v, want %v\n%s", stage, name, hostile, got, want, page)
		}
		if strings.Count(page, "\n") != h.lines[string(stage)+name] {
			t.Errorf("%s, %s: %q makes lines of its own:\n%s", stage, name, hostile, page)
		}
		if bad := found.FindString(shown); bad != "" {
			t.Errorf("%s, %s: %q shows %q:\n%s", stage, name, hostile, bad, shown)
		}
		if bad := strings.IndexFunc(page, func(r rune) bool {
			return r != '\n' && r != '\u200b' && r != '\ufe0f' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
		}); bad >= 0 {
			t.Errorf("%s, %s: %q leaves %q", stage, name, hostile, page[bad:bad+4])
		}
		if strings.Count(page, "<!--") > 2 || len(page) > maxThread {
			t.Errorf("%s, %s: %q: %d bytes, %d comments", stage, name, hostile, len(page), strings.Count(page, "<!--"))
		}
	}
}

func TestThreadIsHarmless(t *testing.T) {
	t.Parallel()
	var h harmless
	for i, text := range slices.Concat(hostile, moreHostile) {
		if text != "" { // what is empty is left out
			h.check(t, stages()[i%len(stages())], text)
		}
	}
}

// TestThreadIsHarmlessWhateverItHolds joins parts that are harmless each on its own.
func TestThreadIsHarmlessWhateverItHolds(t *testing.T) {
	t.Parallel()
	parts := slices.Concat(hostile, moreHostile, strings.Split("`*_~[]()<>!|\\#@:-+=.&$/ \n0a", ""))
	var h harmless
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 1, 6).Draw(rt, "parts"), rapid.SampledFrom([]string{"", " ", "\n"}).Draw(rt, "between"))
		if text == "" {
			return
		}
		h.check(t, rapid.SampledFrom(stages()).Draw(rt, "stage"), text)
		if t.Failed() {
			rt.FailNow()
		}
	})
}

// TestThreadIsShort whatever it holds: below the limit, with its end there, and each of its lists closed.
func TestThreadIsShort(t *testing.T) {
	t.Parallel()
	for _, stage := range []Stage{StageWaiting, StageOpen, StageStuck} {
		for _, part := range []string{"x", "|", "<", "漢", "👍", "@a ", "# 1", "` ", "https://a.example/|", "www.", ":a:", "a\n", "\xff", "-"} {
			long := filled(stage, strings.Repeat(part, 100_000/len(part)))
			for range 50 {
				long.Objections, long.Waiting = append(long.Objections, long.Objections[0]), append(long.Waiting, long.Waiting[0])
				long.Changes, long.Trace = append(long.Changes, long.Changes[0]), append(long.Trace, long.Trace[0])
				long.Transitions, long.Findings = append(long.Transitions, long.Transitions[0]), append(long.Findings, long.Findings[0])
				long.Zones, long.Approvers = append(long.Zones, long.Zones[0]), append(long.Approvers, long.Approvers[0])
				long.Trace[0].Facts = append(long.Trace[0].Facts, long.Trace[0].Facts[0])
			}
			for name, page := range pages(t, long) {
				if len(page) > maxThread {
					t.Errorf("%s, %s: %q makes %d bytes", stage, name, part, len(page))
				}
				structure(t, page)
				if strings.Count(page, "<details>") != strings.Count(page, "</details>") {
					t.Errorf("%s, %s: %q leaves something open", stage, name, part)
				}
				if name != "issue" && name != "stuck" && name != "outcome" && !strings.Contains(page, "[The run](https://github.example/acme/access/actions/runs/42)") {
					t.Errorf("%s, %s: %q cuts the foot off", stage, name, part)
				}
			}
		}
	}
}

// TestThreadAddressesAreHarmless: an address that is not one makes no link, wherever it stands.
func TestThreadAddressesAreHarmless(t *testing.T) {
	t.Parallel()
	for _, text := range slices.Concat(hostile, moreHostile, []string{"http://evil.example/x", "https://a:b@evil.example", "javascript:alert(1)", "https://evil.example/\"onclick=x"}) {
		bad := filled([]Stage{StageOpen, StageStuck}[len(text)%2], "x")
		bad.OrgURL, bad.URL, bad.RunURL, bad.ReviewURL, bad.CommandByHand = text, text, text, text, text
		for name, page := range pages(t, bad) {
			kinds, shown := structure(t, page)
			for _, kind := range kinds {
				if destination, ok := strings.CutPrefix(kind, "Link "); ok && (!linkable(destination) || destination != text) {
					t.Errorf("%s: %q becomes a link to %q", name, text, destination)
				}
			}
			if found := regexp.MustCompile(inText).FindString(shown); found != "" {
				t.Errorf("%s: %q shows %q:\n%s", name, text, found, shown)
			}
		}
	}
}

// FuzzThread looks for what nobody thought of.
func FuzzThread(f *testing.F) {
	for _, text := range moreHostile[:10] { // TestThreadIsHarmless has them all
		f.Add(text)
	}
	var h harmless
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" || strings.TrimSpace(plain(text)) == "" || len(text) > 300 { // a long one is cut, and lists with it
			return
		}
		h.check(t, stages()[len(text)%len(stages())], text)
	})
}

package runneremu

import (
	"encoding/base64"
	"encoding/json"
	"sort"
	"strings"
	"sync"
)

// masker keeps what is to be masked in a job. Source: SecretMasker.cs, and HostContext.cs for the encodings.
type masker struct {
	mu     sync.Mutex
	values map[string]bool
}

// add has the value masked, each of its lines, and of all of them what the runner derives.
func (m *masker) add(value string) {
	if strings.TrimSpace(value) == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = map[string]bool{}
	}
	whole := []string{value}
	for line := range linesOf(value) {
		whole = append(whole, strings.TrimSpace(line))
	}
	for _, v := range whole {
		for _, derived := range append(derivedFrom(v), v) {
			if derived != "" {
				m.values[derived] = true
			}
		}
	}
}

// derivedFrom are the encodings of a value that the runner masks with it. Base64URL, hexadecimal, digests and parts are not among them; what PowerShell
// makes of a value is, and is left out here. Source: HostContext.cs, ValueEncoders.cs.
func derivedFrom(v string) []string {
	if v == "" {
		return nil
	}
	shifted := func(n int) string {
		if len(v) > n {
			return base64.StdEncoding.EncodeToString([]byte(v[n:]))
		}
		return base64.StdEncoding.EncodeToString([]byte(v))
	}
	out := []string{
		shifted(0), shifted(1), shifted(2),
		strings.ReplaceAll(v, `"`, `\"`), // CommandLineArgumentEscape
		strings.ReplaceAll(v, "'", "''"), // ExpressionStringEscape
		jsonEscaped(v), uriEscaped(v), xmlEscaped(v),
	}
	if len(v) > 8 && strings.HasPrefix(v, `"`) && strings.HasSuffix(v, `"`) {
		out = append(out, v[1:len(v)-1]) // TrimDoubleQuotes
	}
	return out
}

// jsonEscaped is a value within a JSON string, as Newtonsoft writes it: it does not escape <, > and &.
func jsonEscaped(v string) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // a string always can be
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(out.String(), "\n"), `"`), `"`)
}

// uriEscaped is what Uri.EscapeDataString makes of a value: all but RFC 3986's unreserved characters.
func uriEscaped(v string) string {
	const digits, unreserved = "0123456789ABCDEF", "-._~"
	var out strings.Builder
	for i := range len(v) {
		c := v[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(unreserved, c) >= 0 {
			out.WriteByte(c)
			continue
		}
		out.WriteString("%" + digits[c>>4:c>>4+1] + digits[c&15:c&15+1])
	}
	return out.String()
}

// xmlEscaped is what SecurityElement.Escape makes of a value.
func xmlEscaped(v string) string {
	return strings.NewReplacer("<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;", "&", "&amp;").Replace(v)
}

// mask puts three asterisks wherever something is to be masked: one for all that overlaps or touches.
func (m *masker) mask(text string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	type span struct{ from, to int }
	var spans []span
	for value := range m.values {
		for at := 0; ; {
			i := strings.Index(text[at:], value)
			if i < 0 {
				break
			}
			spans = append(spans, span{at + i, at + i + len(value)})
			at += i + 1
		}
	}
	if len(spans) == 0 {
		return text
	}
	sort.Slice(spans, func(a, b int) bool { return spans[a].from < spans[b].from })
	var out strings.Builder
	done := 0
	for i := 0; i < len(spans); {
		to := spans[i].to
		out.WriteString(text[done:spans[i].from] + "***")
		for i++; i < len(spans) && spans[i].from <= to; i++ {
			to = max(to, spans[i].to)
		}
		done = to
	}
	return out.String() + text[done:]
}

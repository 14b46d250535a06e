package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How much of a fact is shown.
const (
	mostFactText  = 40  // characters of one value
	mostFactItems = 4   // of a list
	mostFact      = 160 // characters in all
)

// factKeys are the fields by which something that has many is told, in the order in which they are shown.
func factKeys() []string {
	return []string{
		"number", "user", "user_type", "actor", "actor_type", "author", "path", "state", "merged", "status", "kind", "permission", "teams",
		"protected", "pull_request", "approvals", "line", "commit_id", "head_sha", "after", "default_sha256", "submitted_at", "created_at", "from", "to",
	}
}

// Fact writes a fact of an admission with its value, as far as that is short: "pull_request.draft: false". input is what JSON
// decodes into an any, name the path of the fact in it. The text may be hostile: what it is shown by escapes it.
func Fact(input any, name string) string {
	value := input
	for part := range strings.SplitSeq(name, ".") {
		fields, ok := value.(map[string]any)
		if !ok {
			return name
		}
		if value, ok = fields[part]; !ok {
			return name
		}
	}
	if reviews, ok := value.([]any); ok && name == "reviews" {
		value = deciding(reviews)
	}
	text := factValue(value)
	if name == "coverage" {
		text = coverageValue(value)
	}
	if text == "" {
		return name
	}
	return cut(name+": "+text, mostFact)
}

// factValue writes a value; one that tells nothing in a few words is empty.
func factValue(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		if v == "" {
			return `""`
		}
		if fullSHA.MatchString(v) || len(v) == 64 && strings.Trim(v, "0123456789abcdef") == "" {
			return v[:12]
		}
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return stamp(at)
		}
		return cut(v, mostFactText)
	case []any:
		return factItems(v)
	case map[string]any:
		var out []string
		for _, key := range factKeys() {
			field, there := v[key]
			text, isText := field.(string)
			_, deep := field.(map[string]any)
			if !there || deep || (isText && (text == "" || text == "User")) { // that somebody is a person is no news
				continue
			}
			if isText {
				out = append(out, factValue(field))
			} else {
				out = append(out, key+" "+factValue(field))
			}
		}
		return strings.Join(out, " ")
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	default:
		return ""
	}
}

// factItems writes a list: how many, and the first of them.
func factItems(items []any) string {
	if len(items) == 0 {
		return "none"
	}
	var out []string
	for _, item := range items[:min(len(items), mostFactItems)] {
		if text := factValue(item); text != "" {
			out = append(out, text)
		}
	}
	if more := len(items) - mostFactItems; more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return strings.Join(out, "; ")
}

// coverageValue says what could not be read.
func coverageValue(value any) string {
	facts, _ := value.(map[string]any)
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		if reading, _ := facts[name].(map[string]any); reading["read"] != true {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return "all was read"
	}
	return "not read: " + strings.Join(missing, ", ")
}

// deciding puts the reviews first that decide, or the first of a long list would hide them: changes that are requested, then what else
// is somebody's word, then what was taken over by a later one or is a mere comment; each the newest first.
func deciding(reviews []any) []any {
	const requested, stands, past = 0, 1, 2
	rank := make([]int, len(reviews))
	spoken := map[string]bool{} // who has said something later
	for i := len(reviews) - 1; i >= 0; i-- {
		review, _ := reviews[i].(map[string]any)
		state, _ := review["state"].(string)
		user, _ := review["user"].(string)
		user = strings.ToLower(user)
		switch {
		case state == "COMMENTED" || state == "PENDING" || (user != "" && spoken[user]):
			rank[i] = past
			continue
		case state == "CHANGES_REQUESTED":
			rank[i] = requested
		default:
			rank[i] = stands
		}
		spoken[user] = true
	}
	var out []any
	for _, want := range []int{requested, stands, past} {
		for i := len(reviews) - 1; i >= 0; i-- {
			if rank[i] == want {
				out = append(out, reviews[i])
			}
		}
	}
	return out
}

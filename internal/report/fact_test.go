package report

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestFactsShowTheirValues(t *testing.T) {
	t.Parallel()
	sha := strings.Repeat("a1", 20)
	var input any
	if err := json.Unmarshal([]byte(`{
		"trigger": "workflow_run", "now": null, "at": "2030-01-01T02:00:00.044009421Z", "action": "",
		"pull_request": {"number": 7, "state": "open", "draft": false, "author": "frank", "head_sha": "`+sha+`", "title": "x"},
		"reviews": [{"user": "grace", "state": "APPROVED", "commit_id": "`+sha+`"}, {"user": "heidi", "state": "COMMENTED", "commit_id": ""}],
		"files": [], "settings": {"teams": ["a", "b", "c", "d", "e", "f"], "max_window_seconds": 1800, "merge": "allowed"},
		"request": {"window_seconds": 3600, "reason": "`+strings.Repeat("long ", 50)+`"},
		"coverage": {"files": {"read": false, "msg": "x"}, "reviews": {"read": true}},
		"deep": {"actor": {"user": "x"}}, "evil": "a\u202e\n::set-output name=x::<b>"
	}`), &input); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"trigger":                     "trigger: workflow_run",
		"now":                         "now: null",
		"at":                          "at: 2030-01-01 02:00:00 UTC",
		"action":                      `action: ""`,
		"pull_request.draft":          "pull_request.draft: false",
		"pull_request.head_sha":       "pull_request.head_sha: a1a1a1a1a1a1",
		"pull_request":                "pull_request: number 7 frank open a1a1a1a1a1a1",
		"reviews":                     "reviews: grace APPROVED a1a1a1a1a1a1; heidi COMMENTED",
		"files":                       "files: none",
		"settings.max_window_seconds": "settings.max_window_seconds: 1800",
		"settings.teams":              "settings.teams: a; b; c; d; 2 more",
		"request.reason":              "request.reason: " + strings.Repeat("long ", 7) + "long…",
		"request":                     "request",
		"coverage":                    "coverage: not read: files",
		"deep":                        "deep",
		"evil":                        "evil: a ::set-output name=x::<b>",
		"nothing":                     "nothing",
		"pull_request.nothing.at_all": "pull_request.nothing.at_all",
		"trigger.x":                   "trigger.x",
	} {
		if got := Fact(input, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := Fact(nil, "x"); got != "x" {
		t.Errorf("of nothing: %q", got)
	}
}

// TestTheReviewThatDeniesIsSeen however many there are before it and after it.
func TestTheReviewThatDeniesIsSeen(t *testing.T) {
	t.Parallel()
	list := []string{`{"user": "Grace", "state": "CHANGES_REQUESTED"}`, `{"user": "ivan", "state": "CHANGES_REQUESTED"}`}
	for i := range 8 {
		list = append(list, `{"user": "heidi", "state": "COMMENTED", "commit_id": "c`+strings.Repeat("0", i)+`"}`)
	}
	list = append(list, `{"user": "judy", "state": "APPROVED"}`, `{"user": "grace", "state": "APPROVED"}`, `{"user": "heidi", "state": "PENDING"}`)
	var input any
	if err := json.Unmarshal([]byte(`{"reviews": [`+strings.Join(list, ",")+`]}`), &input); err != nil {
		t.Fatal(err)
	}
	const want = "reviews: ivan CHANGES_REQUESTED; grace APPROVED; judy APPROVED; heidi PENDING; 9 more"
	if got := Fact(input, "reviews"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

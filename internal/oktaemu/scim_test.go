package oktaemu

import (
	"strings"
	"testing"
)

func TestExpressions(t *testing.T) {
	t.Parallel()
	text := []string{"eq", "sw", "co", "gt", "ge", "lt", "le", "pr"}
	l := language{operators: map[string][]string{"status": text, "profile.city": text, "created": text, "profile.tags": text, "profile.old": {"eq"}}}
	values := map[string][]string{
		"status": {"ACTIVE"}, "profile.city": {"Bern"}, "created": {"2024-02-05T08:00:00.000Z"}, "profile.tags": {"red", "true"},
	}
	get := func(attribute string) []string { return values[attribute] }
	for expression, want := range map[string]bool{
		`status eq "active"`:                                        true,
		`status EQ "STAGED"`:                                        false,
		`profile.city sw "be" and status eq "ACTIVE"`:               true,
		`profile.city co "er"`:                                      true,
		`(status lt "STAGED" or status gt "STAGED")`:                true,
		`status lt "ACTIVE" or status gt "ACTIVE"`:                  false,
		`status le "ACTIVE" and status ge "ACTIVE"`:                 true,
		`created gt "2024-02-05T08:00:00Z"`:                         false,
		`created ge "2024-02-05T09:00:00+01:00"`:                    true,
		`created lt "2025-01-01T00:00:00.000Z"`:                     true,
		`profile.city pr`:                                           true,
		`profile.old eq "x"`:                                        false,
		`profile.tags eq "red" and profile.tags eq true`:            true,
		`status eq "X" or status eq "Y" and status eq "ACTIVE"`:     false,
		`(status eq "ACTIVE" or status eq "Y") and status eq "X"`:   false,
		`status eq "ACTIVE" or status eq "Y" and status eq "X"`:     true,
		`profile.city eq "Bern" and (status pr and created pr)`:     true,
		`profile.city eq "a \"quoted\" city" or profile.city eq ""`: false,
	} {
		f, err := l.parse(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
		} else if f(get) != want {
			t.Errorf("%s: %t", expression, !want)
		}
	}
	for expression, want := range map[string]string{
		`status ne "ACTIVE"`:             `the operator "ne"`,
		`Status eq "ACTIVE"`:             `the attribute "Status"`,
		`not status eq "ACTIVE"`:         `the attribute "not"`,
		`profile.old sw "x"`:             `the operator "sw"`,
		`status eq ACTIVE`:               "double quotes",
		`status eq`:                      "double quotes",
		`(status eq "ACTIVE"`:            "parenthesis",
		`status eq "ACTIVE" status pr`:   "not expected",
		`status eq "ACTIVE`:              "double quotes",
		`profile.nothing eq "x" or true`: `"profile.nothing"`,
	} {
		if _, err := l.parse(expression); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", expression, err, want)
		}
	}
	exact := language{operators: map[string][]string{"status": {"eq"}}, sameCase: true}
	if f, err := exact.parse(`status eq "active"`); err != nil || f(get) {
		t.Errorf("a value in another case passed where case counts, or: %v", err)
	}
}

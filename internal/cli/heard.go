package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/admission"
)

// ready is what the operator comments, and maxHeard how many comments are answered.
const (
	ready    = "/stepdown ready"
	maxHeard = 3
)

// heard says of the newest comments to the program that they were seen, and why they do not count. What counts is the policy's to say,
// in presence.rego; this only puts into words what it did not take.
func heard(r admission.Result, now time.Time) []string {
	var out []string
	for _, c := range slices.Backward(r.Facts.Comments) {
		if len(out) == maxHeard {
			break
		}
		if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(c.Body)), "/stepdown") {
			continue
		}
		why := uncounted(r, c, now)
		if why == "" {
			continue
		}
		who, said := c.User, []rune(oneLine(strings.TrimSpace(c.Body)))
		if who == "" {
			who = "a deleted account"
		}
		if len(said) > 40 {
			said = append(said[:39], '…')
		}
		out = append(out, fmt.Sprintf("seen: %q by %s at %s; it does not count: %s", string(said), oneLine(who), c.CreatedAt.UTC().Format(time.DateTime+" UTC"), why))
	}
	return out
}

// uncounted says why a comment is not the operator's word, or is empty where nothing here speaks against it.
func uncounted(r admission.Result, c access.Comment, now time.Time) string {
	operator, presence := r.Owner.Operator.Name, r.Settings.Admission.Presence
	switch {
	case strings.TrimSpace(c.Body) != ready:
		return "the whole comment has to be " + ready
	case strings.Contains(operator, "@"):
		return fmt.Sprintf("the operator, %s, is no GitHub login; an approval counts instead", oneLine(operator))
	case !strings.EqualFold(c.User, operator) || c.UserType != "User":
		return fmt.Sprintf("only the operator, %s, can say so", oneLine(operator))
	case !c.UpdatedAt.Equal(c.CreatedAt):
		return "it was edited; write a new one"
	case !c.CreatedAt.After(r.Decision.ApprovedAt):
		return "it is older than the approval; write a new one"
	case !c.CreatedAt.After(r.Input.PresenceSpent):
		return "a window was opened for it already; write a new one"
	case now.Sub(c.CreatedAt) > presence:
		return fmt.Sprintf("it is older than %s; write a new one", presence)
	}
	return ""
}

package githubemu

// This file is what happened to a pull request, as GitHub tells it among the events of an issue: of these kinds alone.
// Source: docs.github.com, "Issue event types".

import (
	"net/http"
	"strings"
	"time"
)

// Kinds of pullEvent.
const (
	eventClosed      = "closed"
	eventReopened    = "reopened"
	eventMerged      = "merged"
	eventDrafted     = "convert_to_draft"
	eventReady       = "ready_for_review"
	eventDismissed   = "review_dismissed"
	eventHeadForced  = "head_ref_force_pushed"
	eventBaseChanged = "base_ref_changed"
	eventBaseForced  = "base_ref_force_pushed"
)

// pullEvent is one thing that happened to a pull request.
type pullEvent struct {
	id       int64
	kind     string
	actor    string // login
	at       time.Time
	commitID string  // where the kind has one
	review   *review // that was dismissed
	was      string  // the state that the review had
}

// happened notes an event.
func (h *Hub) happened(p *pull, e pullEvent) {
	e.id, e.at = h.nextID(), h.now()
	p.events = append(p.events, e)
}

// listEvents answers /issues/{number}/events, oldest first. Events of issues that are no pull requests are not kept.
func (h *Hub) listEvents(c call) (int, any) {
	number := c.number("number")
	if h.issue(number) == nil {
		return notFound(c.docs)
	}
	var events []pullEvent
	if p := h.pulls[number]; p != nil {
		events = p.events
	}
	return http.StatusOK, page(c, events, func(e pullEvent) any { return h.eventShape(c, e) })
}

func (h *Hub) eventShape(c call, e pullEvent) map[string]any {
	url := c.base + "/repos/" + h.opts.Repository + "/issues/events/" + digits(e.id)
	shape := map[string]any{
		"id": e.id, "node_id": nodeID("EV_", url), "url": url, "actor": h.user(c, e.actor, kindOf(e.actor)), "event": e.kind,
		"commit_id": text(e.commitID), "commit_url": nil, "created_at": e.at.Format(stamp), "performed_via_github_app": nil,
	}
	if e.commitID != "" {
		shape["commit_url"] = c.base + "/repos/" + h.opts.Repository + "/commits/" + e.commitID
	}
	if e.review != nil {
		shape["dismissed_review"] = map[string]any{"state": strings.ToLower(e.was), "review_id": e.review.id, "dismissal_message": nil}
	}
	return shape
}

package okta

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/org"
)

const logsPath = "/api/v1/logs"

// logEvent is an event of the System Log as Okta gives it, as far as it matters.
type logEvent struct {
	UUID      string     `json:"uuid"`
	EventType string     `json:"eventType"`
	Published *time.Time `json:"published"`
	Outcome   struct {
		Result string `json:"result"`
	} `json:"outcome"`
	Actor struct {
		ID          string `json:"id"`
		AlternateID string `json:"alternateId"`
	} `json:"actor"`
	Target []struct {
		ID          string `json:"id"`
		Type        string `json:"type"`
		DisplayName string `json:"displayName"`
		AlternateID string `json:"alternateId"`
	} `json:"target"`
}

// Events returns the events of the System Log from since until until, both to the millisecond and widened to it, sorted
// by time and id, each once; only those that pass the filter. Okta can add events late: ask again, with an overlap, for
// what must not be missed.
func (c *Client) Events(ctx context.Context, since, until time.Time, only org.LogFilter) ([]org.LogEvent, error) {
	op := "reading the System Log"
	if only.ActorID != "" {
		op += " of actor " + quote(only.ActorID)
	}
	if only.TargetID != "" {
		op += " about " + quote(only.TargetID)
	}
	query, err := eventQuery(since, until, only)
	if err != nil {
		return nil, failing(op, &Error{Method: http.MethodGet, Path: logsPath, Err: err, unsent: true})
	}
	found, err := list[logEvent](ctx, c, listing{path: logsPath, query: query})
	if err != nil {
		return nil, failing(op, err)
	}
	out := make([]org.LogEvent, 0, len(found))
	for _, e := range found {
		if e.UUID == "" || e.EventType == "" || e.Published == nil {
			why := errors.New("an event has no id, type or time")
			return nil, failing(op, &Error{Method: http.MethodGet, Path: logsPath, Status: http.StatusOK, Err: why})
		}
		out = append(out, e.event())
	}
	slices.SortStableFunc(out, func(a, b org.LogEvent) int {
		return cmp.Or(a.Published.Compare(b.Published), strings.Compare(a.UUID, b.UUID))
	})
	return slices.CompactFunc(out, func(a, b org.LogEvent) bool { return a.UUID == b.UUID }), nil
}

// eventQuery makes a bounded query: one without an end would have a next page for ever.
func eventQuery(since, until time.Time, only org.LogFilter) (url.Values, error) {
	if !since.Before(until) {
		return nil, fmt.Errorf("the time does not end after it begins (%s to %s)", since.UTC().Format(timeFormat), until.UTC().Format(timeFormat))
	}
	query := url.Values{
		"since":     {since.UTC().Format(timeFormat)}, // Format cuts
		"until":     {until.UTC().Add(time.Millisecond - time.Nanosecond).Format(timeFormat)},
		"limit":     {"1000"},
		"sortOrder": {"ASCENDING"},
	}
	var terms []string
	for _, term := range [][2]string{{"actor.id", only.ActorID}, {"target.id", only.TargetID}} {
		if strings.ContainsFunc(term[1], func(r rune) bool { return r == '"' || r == '\\' || r < ' ' }) {
			return nil, fmt.Errorf("%q is no id", term[1])
		}
		if term[1] != "" {
			terms = append(terms, term[0]+` eq "`+term[1]+`"`)
		}
	}
	if len(terms) > 0 {
		query.Set("filter", strings.Join(terms, " and "))
	}
	return query, nil
}

// event is e in this program's words.
func (e logEvent) event() org.LogEvent {
	out := org.LogEvent{
		UUID: e.UUID, Type: e.EventType, Published: e.Published.UTC(), Outcome: e.Outcome.Result,
		ActorID: e.Actor.ID, Actor: e.Actor.AlternateID, Targets: make([]org.LogTarget, 0, len(e.Target)),
	}
	for _, t := range e.Target {
		out.Targets = append(out.Targets, org.LogTarget{ID: t.ID, Type: t.Type, Name: firstOf(t.DisplayName, t.AlternateID)})
	}
	return out
}

package github

// This file reads the webhook payload that starts a run.

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxEvent is the size of the largest payload that is read, in bytes. Texts in it are limited by GitHub to 64 Ki
// characters each.
const maxEvent = 4 << 20

// ReviewEvent is what a pull_request_review payload says. It is a hint where to look and never a fact to decide on: the
// API is asked for all of it.
type ReviewEvent struct {
	Action      string // submitted, edited or dismissed
	Repository  string // "owner/name"
	Number      int    // of the pull request
	ReviewState string // in lower case, unlike the API's: approved, changes_requested, commented or dismissed
}

// ReadReviewEvent reads GitHub's pull_request_review payload. A payload of another event, or without one of the fields,
// is an error.
func ReadReviewEvent(data []byte) (ReviewEvent, error) {
	if len(data) > maxEvent {
		return ReviewEvent{}, fmt.Errorf("reading the event: it has %d bytes; %d are read at the most", len(data), maxEvent)
	}
	var payload struct {
		Action string `json:"action"`
		Review *struct {
			State string `json:"state"`
		} `json:"review"`
		PullRequest *struct {
			Number int `json:"number"`
		} `json:"pull_request"`
		Repository *struct {
			FullName string `json:"full_name"`
		} `json:"repository"`
	}
	if err := json.Unmarshal(data, &payload); err != nil {
		return ReviewEvent{}, fmt.Errorf("reading the event: %w", err)
	}
	if payload.Action == "" || payload.Review == nil || payload.PullRequest == nil || payload.Repository == nil {
		return ReviewEvent{}, errors.New("reading the event: it has no action, review, pull_request or repository\nrun this on the pull_request_review event")
	}
	event := ReviewEvent{
		Action: payload.Action, Repository: payload.Repository.FullName,
		Number: payload.PullRequest.Number, ReviewState: strings.ToLower(payload.Review.State),
	}
	if _, _, err := splitRepository(event.Repository); err != nil || event.Number <= 0 || event.ReviewState == "" {
		return ReviewEvent{}, errors.New("reading the event: the repository's name, the pull request's number or the review's state is missing or malformed")
	}
	return event, nil
}

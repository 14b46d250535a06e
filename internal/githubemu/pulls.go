package githubemu

// This file is what people do with pull requests: open, review, dismiss, close, merge.

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// pull is a pull request. Its base is the repository itself.
type pull struct {
	number             int
	title, author      string
	authorKind         string
	body               string
	labels             []string
	baseRef, baseSHA   string
	headRef, headSHA   string
	headRepo           string // "owner/name"; "" where the fork was deleted
	state              string // open or closed
	draft              bool
	mergedBy, mergeSHA string
	createdAt          time.Time
	updatedAt          time.Time
	closedAt           time.Time
	reviews            []*review
	events             []pullEvent
}

type review struct {
	id          int64
	user, kind  string // login and type; no login where the account was deleted
	state       string // upper case, as the REST API has it
	commitID    string
	body        string
	submittedAt time.Time
}

// ReviewOption changes a review from what a person's would be now.
type ReviewOption func(*review)

// AsBot makes the reviewer an app.
func AsBot() ReviewOption { return func(r *review) { r.kind = "Bot" } }

// AsDeletedUser makes the reviewer an account that is gone: GitHub answers with a null user.
func AsDeletedUser() ReviewOption { return func(r *review) { r.user = "" } }

// AtCommit makes the review one of that commit instead of the head.
func AtCommit(sha string) ReviewOption { return func(r *review) { r.commitID = sha } }

// AtTime gives the time of the review.
func AtTime(t time.Time) ReviewOption {
	return func(r *review) { r.submittedAt = t.UTC().Truncate(time.Second) }
}

// WithBody gives the review's text.
func WithBody(body string) ReviewOption { return func(r *review) { r.body = body } }

// OpenPullRequest proposes the branch head to the default branch. It panics if there is no such branch.
func (h *Hub) OpenPullRequest(author, head, title string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	sha, ok := h.branches[head]
	if !ok {
		panic(fmt.Sprintf("githubemu: no branch %q", head))
	}
	h.lastNum++
	base := h.opts.DefaultBranch
	h.pulls[h.lastNum] = &pull{
		number: h.lastNum, title: title, author: author, authorKind: kindOf(author), state: "open",
		baseRef: base, baseSHA: h.branches[base], headRef: head, headSHA: sha, headRepo: h.opts.Repository,
		createdAt: h.now(), updatedAt: h.now(),
	}
	return h.lastNum
}

// Review submits a review and returns its id. The state is APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED or PENDING.
func (h *Hub) Review(number int, user, state string, opts ...ReviewOption) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pull(number)
	r := &review{id: h.nextID(), user: user, kind: "User", state: strings.ToUpper(state), commitID: p.headSHA, submittedAt: h.now()}
	for _, opt := range opts {
		opt(r)
	}
	p.reviews = append(p.reviews, r)
	p.updatedAt = h.now()
	return r.id
}

// Dismiss turns a review into a dismissed one; its commit and time stay, as on GitHub.
func (h *Hub) Dismiss(number int, reviewID int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pull(number)
	h.dismiss(p, p.review(reviewID), "octocat")
}

func (h *Hub) dismiss(p *pull, r *review, actor string) {
	h.happened(p, pullEvent{kind: eventDismissed, actor: actor, review: r, was: r.state})
	r.state = "DISMISSED"
}

// Merge merges the pull request and returns the SHA of the merge commit.
func (h *Hub) Merge(number int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pull(number)
	base := h.branches[p.baseRef]
	files := maps.Clone(h.commits[base].files)
	for _, c := range difference(mergeBase(h.commits, base, p.headSHA), h.commits[p.headSHA].files) {
		switch c.status {
		case "removed":
			delete(files, c.path)
		default:
			delete(files, c.previous)
			files[c.path] = c.entry
		}
	}
	message := fmt.Sprintf("Merge pull request #%d from %s/%s\n\n%s\n", number, h.owner, p.headRef, p.title)
	p.baseSHA, p.state, p.mergedBy, p.closedAt, p.updatedAt = base, "closed", "octocat", h.now(), h.now()
	who := h.personOf("octocat")
	p.mergeSHA = h.commit(files, []string{base, p.headSHA}, who, who, message).sha
	h.happened(p, pullEvent{kind: eventMerged, actor: "octocat", commitID: p.mergeSHA})
	h.happened(p, pullEvent{kind: eventClosed, actor: "octocat"})
	h.move("octocat", p.baseRef, p.mergeSHA, merged)
	return p.mergeSHA
}

// Close closes the pull request without merging it.
func (h *Hub) Close(number int) {
	h.change(number, func(p *pull) {
		p.close(h.now())
		h.happened(p, pullEvent{kind: eventClosed, actor: p.author})
	})
}

// Reopen opens a closed pull request again, at where its branch is now. It panics if it was merged.
func (h *Hub) Reopen(number int) {
	h.change(number, func(p *pull) {
		if p.mergedBy != "" {
			panic(fmt.Sprintf("githubemu: pull request %d was merged", number))
		}
		p.state, p.closedAt = "open", time.Time{}
		h.happened(p, pullEvent{kind: eventReopened, actor: p.author})
		if sha := h.branches[p.headRef]; sha != "" {
			p.headSHA = sha
		}
	})
}

// SetAuthor makes the pull request somebody else's; the kind is User or Bot. An empty login is a deleted account.
func (h *Hub) SetAuthor(number int, login, kind string) {
	h.change(number, func(p *pull) { p.author, p.authorKind = login, kind })
}

// SetDraft makes the pull request a draft, or ready for review.
func (h *Hub) SetDraft(number int, draft bool) {
	h.change(number, func(p *pull) {
		kind := eventReady
		if p.draft = draft; draft {
			kind = eventDrafted
		}
		h.happened(p, pullEvent{kind: kind, actor: p.author})
	})
}

// SetFork makes the head's repository another one, "owner/name", or "" for a fork that was deleted since.
func (h *Hub) SetFork(number int, repository string) {
	h.change(number, func(p *pull) { p.headRepo = repository })
}

// SetBase makes the pull request one to another branch. It panics if there is no such branch. No approval is dismissed:
// GitHub documents that for pushes to the head, and for a merge base that moves where a rule asks for it.
func (h *Hub) SetBase(number int, branch string) {
	h.change(number, func(p *pull) {
		if h.branches[branch] == "" {
			panic(fmt.Sprintf("githubemu: no branch %q", branch))
		}
		p.baseRef, p.baseSHA = branch, h.branches[branch]
		h.happened(p, pullEvent{kind: eventBaseChanged, actor: p.author})
	})
}

func (h *Hub) change(number int, f func(*pull)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pull(number)
	f(p)
	p.updatedAt = h.now()
}

// pull returns the pull request; it panics if there is none, which is a mistake of the test.
func (h *Hub) pull(number int) *pull {
	p := h.pulls[number]
	if p == nil {
		panic(fmt.Sprintf("githubemu: no pull request %d", number))
	}
	return p
}

func (p *pull) review(id int64) *review {
	for _, r := range p.reviews {
		if r.id == id {
			return r
		}
	}
	panic(fmt.Sprintf("githubemu: pull request %d has no review %d", p.number, id))
}

// changes lists the files that the pull request changes, against the merge base as GitHub does. That an open one is compared with
// where its base is by now, and not with where it was when it was opened or pushed to, is the harsher reading: GitHub does not
// say when it counts anew.
func (h *Hub) changes(p *pull) []fileChange {
	base := p.baseSHA
	if now := h.branches[p.baseRef]; p.state == "open" && now != "" {
		base = now
	}
	return difference(mergeBase(h.commits, base, p.headSHA), h.commits[p.headSHA].files)
}

func (p *pull) close(at time.Time) { p.state, p.closedAt = "closed", at }

// pullNumbers are the numbers of all pull requests, oldest first.
func (h *Hub) pullNumbers() []int { return slices.Sorted(maps.Keys(h.pulls)) }

// commitsOf lists the commits that the pull request brings, oldest first.
func (h *Hub) commitsOf(p *pull) []*commit {
	had := ancestors(h.commits, p.baseSHA)
	var out []*commit
	for _, c := range h.history(p.headSHA) {
		if !had[c.sha] {
			out = append(out, c)
		}
	}
	slices.Reverse(out)
	return out
}

package admission

// What a change is counted from, and what it was counted from when people approved it.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/policy"
)

// readMergeBases reads what the change is counted from, now and when each approval was given: where another pull request with a part of
// its commits was merged in between, GitHub shows a smaller change than people approved, or a larger one.
func (c *collector) readMergeBases(ctx context.Context) {
	f := &c.r.Facts
	c.read(ctx, policy.FactMergeBases, func() error {
		var approvals []access.Review
		for _, review := range standing(f.Reviews) {
			if review.State == "APPROVED" && review.CommitID == f.PullRequest.HeadSHA {
				approvals = append(approvals, review)
			}
		}
		if len(approvals) == 0 {
			return nil
		}
		tip := f.SettingsSHA
		if f.PullRequest.Merged { // the change is in it by now: it is counted from what it was merged into
			merge, err := c.src.Commit(ctx, f.PullRequest.MergeSHA)
			if err != nil || len(merge.Parents) == 0 {
				return errors.Join(err, fmt.Errorf("commit %s merged it and has %d parents", f.PullRequest.MergeSHA, len(merge.Parents)))
			}
			tip = merge.Parents[0]
		}
		oldest := slices.MinFunc(approvals, func(a, b access.Review) int { return a.SubmittedAt.Compare(b.SubmittedAt) })
		pushes, err := c.src.PushesSince(ctx, f.PullRequest.DefaultBranch, oldest.SubmittedAt)
		if err != nil {
			return err
		}
		bases := map[string]string{}
		base := func(of string) (string, error) {
			if bases[of] == "" {
				if bases[of], err = c.src.MergeBase(ctx, of, f.PullRequest.HeadSHA); err != nil {
					return "", err
				}
			}
			return bases[of], nil
		}
		if f.MergeBases.Now, err = base(tip); err != nil {
			return err
		}
		for _, review := range approvals {
			then, err := base(branchAt(pushes, review.SubmittedAt, headPush(f.Pushes, f.PullRequest.HeadSHA), tip))
			if err != nil {
				return err
			}
			f.MergeBases.Then = append(f.MergeBases.Then, access.ApprovalBase{Review: review.ID, SHA: then})
		}
		return nil
	}, policy.FactReviews, policy.FactDeclared, policy.FactPushes)
}

// headPush returns the id of the push that first put the head there; 0 where it is not known. A later one may have come after an
// approval: the branch can be taken elsewhere and back.
func headPush(pushes []access.Push, head string) int64 {
	for _, push := range slices.Backward(pushes) { // oldest first
		if push.After == head {
			return push.ID
		}
	}
	return 0
}

// branchAt returns where a branch was when a review was given, by its pushes since; tip where it has not moved since. Times have whole
// seconds: a push of the same second came after it, unless it came before that of the head, which was there to be reviewed.
func branchAt(pushes []access.Push, then time.Time, headPush int64, tip string) string {
	at := tip
	for _, push := range pushes { // newest first
		if push.At.Before(then.Truncate(time.Second)) || push.ID < headPush {
			return push.After
		}
		at = push.Before
	}
	return at
}

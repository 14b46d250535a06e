package admission

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/policy"
)

const (
	maxRuleFiles = 50
	maxRuleBytes = 64 << 10
	// maxReviewers is how many people are asked about: each costs a request, and more for teams.
	maxReviewers = 100
	// maxLookBack is how many pushes to the default branch are gone back to find a manifest that a merge removed.
	maxLookBack = 20
)

// collector reads the facts of one request. It goes on after a fact that cannot be read.
type collector struct {
	src Source
	r   *Result
	ask Ask
}

// collect reads all facts. The error is of a manifest, of the settings or of the org, or the context ended.
func (c *collector) collect(ctx context.Context) error {
	c.readPullRequest(ctx)
	if c.r.Facts.known(policy.FactPullRequest) {
		c.readReviews(ctx)
		c.readFiles(ctx)
		c.readDeclared(ctx)
		c.readManifest(ctx)
		if ctx.Err() == nil {
			if err := c.r.parse(); err != nil {
				return err
			}
		}
		if err := c.readPermissions(ctx); err != nil {
			return err
		}
		c.readPeople(ctx)
		c.readMergeBases(ctx)
		c.readOwnersErrors(ctx)
		c.readSurroundings(ctx)
		c.readAgain(ctx)
	}
	return c.ended(ctx)
}

// collectMoving reads again what can change while the pull request and the default branch stay where they are, and last the
// pull request itself.
func (c *collector) collectMoving(ctx context.Context) error {
	f := &c.r.Facts
	f.Reviews, f.Events, f.Pushes, f.Authorities, f.Rules, f.Comments = nil, nil, nil, nil, access.BranchRules{}, nil
	c.readReviews(ctx)
	c.readPeople(ctx)
	c.readSurroundings(ctx)
	c.readPullRequest(ctx)
	return c.ended(ctx)
}

func (c *collector) ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("reading pull request %d: %w", c.ask.Number, context.Cause(ctx))
	}
	return nil
}

// read has a fact read, and notes whether it was. needs are facts without which it cannot be looked for.
func (c *collector) read(ctx context.Context, fact string, do func() error, needs ...string) {
	for _, other := range needs {
		if !c.r.Facts.known(other) {
			c.fail(fact, fmt.Errorf("it cannot be looked for where %s could not be read\nMend that first.", other))
			return
		}
	}
	if err := ctx.Err(); err != nil {
		c.fail(fact, err)
		return
	}
	if err := do(); err != nil {
		c.fail(fact, err)
		return
	}
	c.r.Facts.Coverage[fact] = policy.Reading{Read: true}
}

// fail notes that a fact could not be read: the first line of err says why, the others what would mend it.
func (c *collector) fail(fact string, err error) {
	message, hint, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	hint = strings.Join(strings.Fields(hint), " ")
	c.r.Facts.Coverage[fact] = policy.Reading{
		Message: cmp.Or(strings.TrimSpace(message), "it could not be read"),
		Hint:    cmp.Or(hint, "Run it again. If it stays so, look whether the token has the permission "+permissionFor(fact)+"."),
	}
}

// permissionFor names what a token needs to read a fact. Source: docs.github.com, "Permissions required for GitHub Apps".
func permissionFor(fact string) string {
	switch fact {
	case policy.FactPullRequest, policy.FactReviews, policy.FactEvents, policy.FactFiles, policy.FactComments:
		return "pull-requests: read"
	case policy.FactAuthorities:
		return "metadata: read, and members: read of the organisation where the settings name teams"
	case policy.FactRules:
		return "metadata: read"
	case policy.FactPermissions:
		return "okta.roles.read in the org"
	}
	return "contents: read"
}

func (c *collector) readPullRequest(ctx context.Context) {
	c.read(ctx, policy.FactPullRequest, func() (err error) {
		c.r.Facts.PullRequest, err = c.src.PullRequest(ctx, c.ask.Number)
		return err
	})
}

// readReviews reads the reviews, and since when the pull request has the base that it has.
func (c *collector) readReviews(ctx context.Context) {
	f := &c.r.Facts
	c.read(ctx, policy.FactReviews, func() (err error) {
		f.Reviews, err = c.src.Reviews(ctx, c.ask.Number)
		return err
	})
	c.read(ctx, policy.FactEvents, func() (err error) {
		f.Events, err = c.src.Events(ctx, c.ask.Number)
		return err
	})
}

func (c *collector) readFiles(ctx context.Context) {
	c.read(ctx, policy.FactFiles, func() (err error) {
		c.r.Facts.Files, err = c.src.Files(ctx, c.ask.Number)
		return err
	})
}

// readDeclared reads the access directory of the default branch, and the repository's own rules in it. That there is
// none is a fact: the pull request may be the first.
func (c *collector) readDeclared(ctx context.Context) {
	f := &c.r.Facts
	c.read(ctx, policy.FactDeclared, func() (err error) {
		if f.SettingsSHA, err = c.src.BranchHead(ctx, f.PullRequest.DefaultBranch); err != nil {
			return err
		}
		f.Declared, err = c.readDir(ctx, f.AccessDir, ".yaml", ".yml")
		return err
	})
	c.read(ctx, policy.FactCustomRules, func() (err error) {
		f.CustomRules, err = c.readDir(ctx, path.Join(f.AccessDir, RulesDir), ".rego")
		return err
	}, policy.FactDeclared)
	if !f.known(policy.FactDeclared) {
		f.Declared = map[string][]byte{}
	}
	if !f.known(policy.FactCustomRules) {
		f.CustomRules = map[string][]byte{}
	}
}

// readDir reads the files of a folder of the default branch whose names end in one of the extensions. A name that ends so
// in capital letters would be passed over by some and read by others.
func (c *collector) readDir(ctx context.Context, dir string, extensions ...string) (map[string][]byte, error) {
	out := map[string][]byte{}
	branch, sha := c.r.Facts.PullRequest.DefaultBranch, c.r.Facts.SettingsSHA
	names, err := c.src.Dir(ctx, dir, sha)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		ext := path.Ext(name)
		wanted := false
		for _, e := range extensions {
			wanted = wanted || strings.EqualFold(e, ext)
		}
		if !wanted {
			continue
		}
		if ext != strings.ToLower(ext) {
			return nil, fmt.Errorf("reading %s on branch %q: its name has to end in %s, in lower case\nRename the file.", name, branch, strings.ToLower(ext))
		}
		if out[name], err = c.src.File(ctx, name, sha); err != nil {
			return nil, err
		}
		if ext == ".rego" && (len(out) > maxRuleFiles || len(out[name]) > maxRuleBytes) {
			return nil, fmt.Errorf("reading %s on branch %q: %d files of rules of %d bytes each are read at the most\nMake fewer or smaller files.", name, branch, maxRuleFiles, maxRuleBytes)
		}
	}
	return out, nil
}

// readManifest reads the manifest: at the head where it is there, else on the default branch.
func (c *collector) readManifest(ctx context.Context) {
	f := &c.r.Facts
	c.read(ctx, policy.FactManifest, func() (err error) {
		f.ManifestPath, c.r.Action = theManifest(f.Files, f.AccessDir)
		switch {
		case f.ManifestPath == "":
		case c.r.Action == ActionElevate:
			f.Manifest, err = c.src.File(ctx, f.ManifestPath, f.PullRequest.HeadSHA)
		default:
			f.Manifest, err = c.readRemoved(ctx)
		}
		return err
	}, policy.FactFiles, policy.FactDeclared)
}

// readRemoved reads what the pull request removes: its files name that by the SHA of the blob, which approvers saw. The default
// branch has it still, or, after the merge, had it before one of the last pushes. That it has, or had, another manifest at that path
// is nobody's approval to end what that one declares.
func (c *collector) readRemoved(ctx context.Context) ([]byte, error) {
	f := c.r.Facts
	removed, branch := f.Files[0].BlobSHA, f.PullRequest.DefaultBranch
	if removed == "" {
		return nil, fmt.Errorf("reading %s: GitHub does not say which content of it is removed\nRun it again, or: stepdown downgrade.", f.ManifestPath)
	}
	another := fmt.Errorf("reading %s: branch %q has another manifest there by now than the pull request removes\nOpen a new pull request that removes what is there now.", f.ManifestPath, branch)
	if data, there := f.Declared[f.ManifestPath]; there {
		if blobSHA(data) != removed {
			return nil, another
		}
		return data, nil
	}
	pushes, err := c.src.BranchPushes(ctx, branch)
	if err != nil {
		return nil, err
	}
	for _, push := range pushes[:min(len(pushes), maxLookBack)] {
		if strings.Trim(push.Before, "0") == "" {
			continue
		}
		data, err := c.src.File(ctx, f.ManifestPath, push.Before)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case blobSHA(data) == removed:
			return data, nil
		}
	}
	return nil, fmt.Errorf("reading %s: branch %q has not had what the pull request removes in its last %d pushes\nName its account in a new pull request, or: stepdown downgrade.", f.ManifestPath, branch, maxLookBack)
}

// readPermissions asks the org what the role may do that the account is to keep. An org that does not answer is no denial: nothing
// could be carried out in it.
func (c *collector) readPermissions(ctx context.Context) error {
	var failure error
	c.read(ctx, policy.FactPermissions, func() (err error) {
		if role := c.r.Owner.Role.CustomRole; role != "" && c.r.Action == ActionElevate {
			c.r.Facts.Permissions, err = c.ask.Roles.Permissions(ctx, role)
		}
		failure = err
		return err
	}, policy.FactManifest)
	if failure != nil && ctx.Err() == nil {
		return fmt.Errorf("checking the org, before anything is changed: %w", failure)
	}
	return nil
}

// readPeople reads who pushed, and what those whose reviews stand may do.
func (c *collector) readPeople(ctx context.Context) {
	f := &c.r.Facts
	c.read(ctx, policy.FactPushes, func() (err error) {
		if f.PullRequest.HeadRepo != f.PullRequest.Repository {
			return nil // a branch of a fork; one of that name here would be another
		}
		f.Pushes, err = c.src.BranchPushes(ctx, f.PullRequest.HeadRef)
		return err
	})
	c.read(ctx, policy.FactAuthorities, func() error {
		_, teams := c.r.approvals()
		for _, review := range standing(f.Reviews) {
			if review.User == "" || review.UserType != "User" || review.State != "APPROVED" && review.State != "CHANGES_REQUESTED" {
				continue
			}
			if len(f.Authorities) == maxReviewers {
				return fmt.Errorf("more than %d people reviewed it\nOpen a new pull request.", maxReviewers)
			}
			authority, err := c.src.Authority(ctx, review.User, teams)
			if err != nil {
				return err
			}
			if !strings.EqualFold(authority.User, review.User) {
				return fmt.Errorf("asked what %q may do, GitHub answered for %q", review.User, authority.User)
			}
			f.Authorities = append(f.Authorities, authority)
		}
		return nil
	}, policy.FactReviews, policy.FactDeclared)
}

func (c *collector) readOwnersErrors(ctx context.Context) {
	f := &c.r.Facts
	c.read(ctx, policy.FactOwnersErrors, func() (err error) {
		f.OwnersErrors, err = c.src.OwnersErrors(ctx, f.SettingsSHA)
		return err
	}, policy.FactDeclared)
}

// readSurroundings reads what protects the default branch, and the conversation.
func (c *collector) readSurroundings(ctx context.Context) {
	f := &c.r.Facts
	c.read(ctx, policy.FactRules, func() (err error) {
		f.Rules, err = c.src.Rules(ctx, f.PullRequest.DefaultBranch)
		return err
	})
	c.read(ctx, policy.FactComments, func() (err error) {
		f.Comments, err = c.src.Comments(ctx, c.ask.Number)
		return err
	})
}

// readAgain looks whether anything moved under the reads: then they do not belong together.
func (c *collector) readAgain(ctx context.Context) {
	f := &c.r.Facts
	var now access.PullRequest
	c.read(ctx, policy.FactPullRequest, func() (err error) {
		if now, err = c.src.PullRequest(ctx, c.ask.Number); err == nil && now != f.PullRequest {
			err = fmt.Errorf("pull request %d changed while it was read\nRun it again once it is at rest.", c.ask.Number)
		}
		return err
	})
	if !f.known(policy.FactDeclared) {
		return
	}
	c.read(ctx, policy.FactDeclared, func() error {
		head, err := c.src.BranchHead(ctx, f.PullRequest.DefaultBranch)
		if err == nil && head != f.SettingsSHA {
			err = fmt.Errorf("branch %q changed while it was read\nRun it again once it is at rest.", f.PullRequest.DefaultBranch)
		}
		return err
	})
}

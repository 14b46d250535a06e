package github

// This file makes commits.

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	gh "github.com/google/go-github/v88/github"

	"github.com/stepdown/stepdown/internal/access"
)

// CreateCommit makes a commit that no branch is at: the tree, none where it is empty, with these files changed and those that
// are nil removed. To remove a file that is not there is refused by GitHub, and a tree without any file is an error. It may be
// repeated: what it makes twice is garbage to Git.
func (c *Client) CreateCommit(ctx context.Context, tree string, files map[string][]byte, parents []string, message string) (access.GitCommit, error) {
	commit, err := c.createCommit(ctx, tree, files, parents, message)
	if err != nil {
		return access.GitCommit{}, fmt.Errorf("making a commit: %w", clean(err))
	}
	return commit, nil
}

func (c *Client) createCommit(ctx context.Context, tree string, files map[string][]byte, parents []string, message string) (access.GitCommit, error) {
	var none access.GitCommit
	entries, err := treeEntries(files)
	switch {
	case err != nil:
		return none, err
	case tree != "" && !isSHA(tree):
		return none, fmt.Errorf("%s is not the full SHA of a tree", short(tree))
	case slices.ContainsFunc(parents, func(p string) bool { return !isSHA(p) }):
		return none, fmt.Errorf("one of the parents %q is not the full SHA of a commit", parents)
	case message == "" || !utf8.ValidString(message):
		return none, errors.New("the message is empty or not UTF-8")
	case tree == "" && !slices.ContainsFunc(entries, func(e *gh.TreeEntry) bool { return e.Content != nil }):
		return none, errors.New("its tree would be empty")
	}
	ctx, _ = resendable(ctx)
	if len(entries) > 0 {
		made, _, err := c.api.Git.CreateTree(ctx, c.owner, c.name, tree, entries)
		if err != nil {
			return none, err
		}
		if tree = made.GetSHA(); !isSHA(tree) {
			return none, fmt.Errorf("github: the answer is for tree %q", tree)
		}
	}
	if tree == emptyTree {
		return none, errors.New("its tree would be empty")
	}
	made, _, err := c.api.Git.CreateCommit(ctx, c.owner, c.name, gh.Commit{Message: &message, Tree: &gh.Tree{SHA: &tree}, Parents: commits(parents)}, nil)
	if err != nil {
		return none, err
	}
	commit, err := gitCommit(made)
	if err != nil {
		return none, err
	}
	if commit.Tree != tree || !slices.Equal(commit.Parents, parents) {
		return none, fmt.Errorf("github: commit %s has tree %s and parents %q, not those that were sent", commit.SHA, commit.Tree, commit.Parents)
	}
	return commit, nil
}

// treeEntries translates, in the order of the paths. The content goes as JSON, which holds no other bytes than UTF-8.
func treeEntries(files map[string][]byte) ([]*gh.TreeEntry, error) {
	entries := []*gh.TreeEntry{}
	for _, p := range slices.Sorted(maps.Keys(files)) {
		if err := checkPlace(p, emptyTree); err != nil || p == "." {
			return nil, fmt.Errorf("%q is not a clean path below the repository's root", p)
		}
		e := &gh.TreeEntry{Path: gh.Ptr(p), Mode: gh.Ptr(modeFile), Type: gh.Ptr("blob")}
		if content := files[p]; content != nil {
			if !utf8.Valid(content) {
				return nil, fmt.Errorf("%q is not UTF-8", p)
			}
			e.Content = gh.Ptr(string(content))
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func commits(names []string) []*gh.Commit {
	out := make([]*gh.Commit, 0, len(names))
	for _, name := range names {
		out = append(out, &gh.Commit{SHA: gh.Ptr(name)})
	}
	return out
}

package admission

import (
	"crypto/sha1" //nolint:gosec // Git's own names
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/policy"
)

// SettingsFile is the name of the settings in the access directory.
const SettingsFile = "settings.yaml"

// RulesDir is the name of the folder in the access directory that holds the repository's own rules.
const RulesDir = "rules"

// Action is what a pull request asks for.
type Action string

// The actions.
const (
	ActionElevate Action = policy.ActionElevate // it adds or changes a manifest
	ActionEnd     Action = policy.ActionEnd     // it removes one: what it declares is to be taken away
)

// Facts are what GitHub said. Coverage says which of them could not be read: those are empty, and mean nothing.
type Facts struct {
	Coverage    map[string]policy.Reading // by the names of policy.AdmissionFacts
	PullRequest access.PullRequest
	Reviews     []access.Review
	Files       []access.ChangedFile
	AccessDir   string

	// Manifest is the one manifest that the pull request adds or changes, at the head SHA, or that it removes, with the content that
	// its files name. Its path is empty where the pull request does not have exactly one; the decision then denies.
	ManifestPath string
	Manifest     []byte

	// Declared are the files of the access directory on the default branch, by path, at SettingsSHA, and CustomRules those of
	// its folder RulesDir.
	Declared    map[string][]byte
	CustomRules map[string][]byte
	SettingsSHA string

	Events       []access.PullRequestEvent // oldest first
	MergeBases   access.MergeBases
	Pushes       []access.Push      // to the head branch
	Authorities  []access.Authority // of everybody whose review stands
	Rules        access.BranchRules // of the default branch
	OwnersErrors []access.OwnersError
	Comments     []access.Comment
	Permissions  []string // of the custom role in the org
}

// known tells whether a fact was read.
func (f Facts) known(fact string) bool { return f.Coverage[fact].Read }

// IsManifest tells whether a path of the repository is that of a declaration in the access directory, other than the
// settings.
func IsManifest(file, dir string) bool {
	return path.Dir(file) == dir && path.Base(file) != SettingsFile && slices.Contains([]string{".yaml", ".yml"}, path.Ext(file))
}

const statusRemoved = "removed"

// theManifest returns the path of the only manifest that is there at the head, or that is the only file and is removed; or
// nothing.
func theManifest(files []access.ChangedFile, dir string) (string, Action) {
	if len(files) == 1 && files[0].Status == statusRemoved && IsManifest(files[0].Path, dir) {
		return files[0].Path, ActionEnd
	}
	var found []string
	for _, file := range files {
		if IsManifest(file.Path, dir) && file.Status != statusRemoved {
			found = append(found, file.Path)
		}
	}
	if len(found) != 1 {
		return "", ActionElevate
	}
	return found[0], ActionElevate
}

// standing returns the reviews that count as somebody's word: the last of each person that is more than a comment, in the
// order in which they were given. It folds as reviews.rego does, and serves to know whom to ask about and what changed.
func standing(reviews []access.Review) []access.Review {
	last := map[string]int{}
	for i, review := range reviews {
		if review.State != "COMMENTED" && review.State != "PENDING" && review.User != "" {
			last[strings.ToLower(review.User)] = i
		}
	}
	var out []access.Review
	for i, review := range reviews {
		if at, ok := last[strings.ToLower(review.User)]; ok && at == i || review.User == "" {
			out = append(out, review)
		}
	}
	return out
}

// blobSHA returns the name that Git gives a file's content: gitformat-loose, and git-hash-object(1).
func blobSHA(data []byte) string {
	h := sha1.New() //nolint:gosec // Git's own names
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// digest returns the SHA-256 of a file, as evidence keeps it.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

package admission

import (
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// AsksForSomething tells whether the pull request changes anything below the access directory, or could: whatever else a
// repository is for, its other pull requests are none of this program's business. That of which the files could not be read
// may ask.
func (r Result) AsksForSomething() bool {
	below := func(path string) bool {
		return path != "" && (r.Facts.AccessDir == "." || strings.HasPrefix(path, r.Facts.AccessDir+"/"))
	}
	return r.Facts.Files == nil || slices.ContainsFunc(r.Facts.Files, func(f access.ChangedFile) bool {
		return below(f.Path) || below(f.PreviousPath)
	})
}

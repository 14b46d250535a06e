package manifest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// Directory is all that an access directory declares.
type Directory struct {
	Owners   []access.TokenOwner // sorted by name; empty, not nil, where none is declared
	Settings access.Settings     // access.DefaultSettings where no document of that kind is there
}

// ReadDir reads every *.yaml and *.yml of dir in fsys, not those of folders below it; other files are ignored. A symbolic
// link, or anything else that is no regular file, under such a name is an error, and so is a directory that is absent.
// Problems of all files are reported together, as an *Error.
func ReadDir(fsys fs.FS, dir string) (Directory, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return Directory{}, fmt.Errorf("reading the access directory %q: %w", dir, err)
	}
	files := map[string][]byte{}
	var problems []Problem
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		switch {
		case !IsManifest(strings.ToLower(name)):
			continue
		case !IsManifest(name):
			problems = append(problems, whole(name, "expected the name to end in .yaml or .yml, in lower case", "Rename the file."))
			continue
		case !entry.Type().IsRegular():
			problems = append(problems, whole(name, "expected a regular file, found "+kindOfFile(entry.Type()), "Put the manifest itself here."))
			continue
		}
		data, err := readFile(fsys, name)
		if err != nil {
			return Directory{}, fmt.Errorf("reading the manifest %q: %w", name, err)
		}
		files[name] = data
	}
	return combine(files, problems)
}

// Combine is ReadDir for contents that are at hand: it reads the files whose names end in .yaml or .yml, by path, and
// ignores others.
func Combine(files map[string][]byte) (Directory, error) {
	manifests := maps.Clone(files)
	maps.DeleteFunc(manifests, func(name string, _ []byte) bool { return !IsManifest(name) })
	return combine(manifests, nil)
}

func combine(files map[string][]byte, problems []Problem) (Directory, error) {
	dir := Directory{Owners: []access.TokenOwner{}, Settings: access.DefaultSettings()}
	names, accounts := map[string]access.Position{}, map[string]access.Position{}
	var settings access.Position
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file, err := Parse(name, files[name])
		var complaints *Error
		switch {
		case errors.As(err, &complaints):
			problems = append(problems, complaints.Problems...)
		case err != nil:
			return Directory{}, err
		case file.Owner != nil:
			o := *file.Owner
			problems = append(problems, unique(file, o.Fields, "name", o.Name, names)...)
			problems = append(problems, unique(file, o.Fields, "account", o.Account, accounts)...)
			dir.Owners = append(dir.Owners, o)
		case settings.File != "":
			p := whole(name, fmt.Sprintf("a second Settings document; the other is %s:%d", settings.File, settings.Line), "Keep one of them.")
			p.Line, p.Field = file.Settings.Source.Line, "kind"
			if at, given := file.places["kind"]; given {
				p.Line, p.Column = at.line, at.column
			}
			problems = append(problems, p)
		default:
			settings, dir.Settings = file.Settings.Source, *file.Settings
		}
	}
	if len(problems) > 0 {
		return Directory{}, newError(problems)
	}
	slices.SortFunc(dir.Owners, func(a, b access.TokenOwner) int { return strings.Compare(a.Name, b.Name) })
	return dir, nil
}

// unique notes a value that no two documents may share, and complains where one already has it. Case does not count.
// An account that one document names by its login and another by its id is not seen here: that takes Okta.
func unique(file File, fields map[string]access.Position, field, value string, taken map[string]access.Position) []Problem {
	key := strings.ToLower(value)
	first, twice := taken[key]
	if !twice {
		taken[key] = fields[field]
		return nil
	}
	at := file.places[field]
	return []Problem{{
		File: fields[field].File, Line: at.line, Column: at.column, Field: field,
		Message: fmt.Sprintf("%s is declared twice; the other is %s:%d", quote(value), first.File, first.Line),
		Hint:    "One account has one declaration, and one declaration has one name.",
	}}
}

// readFile reads one byte more than a manifest may have at the most, so that Parse sees that there is too much.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxBytes+1))
}

// whole is a problem of a file as a whole.
func whole(name, message, hint string) Problem {
	return Problem{File: name, Line: 1, Column: 1, Message: message, Hint: hint}
}

func kindOfFile(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode.IsDir():
		return "a folder"
	}
	return "a special file"
}

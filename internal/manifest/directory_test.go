package manifest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stepdown/stepdown/internal/access"
)

func ownerNamed(name, account string) []byte {
	s := strings.Replace(owner, "name: invoice-export\naccount: svc-invoice-export@acme.example", "name: "+name+"\naccount: "+account, 1)
	return []byte(s)
}

func TestReadDirReadsTheManifestsOfOneFolder(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"access/b.yaml":      {Data: ownerNamed("zulu", "svc-z@acme.example")},
		"access/c.yml":       {Data: ownerNamed("alpha", "svc-a@acme.example")},
		"access/rules.yaml":  {Data: []byte(settings)},
		"access/README.md":   {Data: []byte("\xff not a manifest")},
		"access/old/d.yaml":  {Data: []byte("broken: [")},
		"elsewhere/e.yaml":   {Data: []byte("broken: [")},
		"access/x.yaml.orig": {Data: []byte("broken: [")},
	}
	dir, err := ReadDir(fsys, "access")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range dir.Owners {
		got = append(got, o.Name+" "+o.Source.File)
	}
	if diff := cmp.Diff([]string{"alpha access/c.yml", "zulu access/b.yaml"}, got); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
	if dir.Settings.Source.File != "access/rules.yaml" {
		t.Errorf("settings are of %q", dir.Settings.Source.File)
	}

	contents := map[string][]byte{}
	for name, file := range fsys {
		if strings.Count(name, "/") == 1 && strings.HasPrefix(name, "access/") {
			contents[name] = file.Data
		}
	}
	combined, err := Combine(contents)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(dir, combined); diff != "" {
		t.Errorf("Combine differs from ReadDir (-ReadDir +Combine):\n%s", diff)
	}
}

func TestAnEmptyDirectoryHasTheDefaultsAndAnAbsentOneIsAnError(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"access/README.md": {}}
	dir, err := ReadDir(fsys, "access")
	if err != nil {
		t.Fatal(err)
	}
	want := Directory{Owners: []access.TokenOwner{}, Settings: access.DefaultSettings()}
	if diff := cmp.Diff(want, dir); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := ReadDir(fsys, "acess"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), `"acess"`) {
		t.Errorf("absent directory: %v", err)
	}
	if _, err := ReadDir(fsys, "access/README.md"); err == nil {
		t.Error("a file was read as a directory")
	}
}

func TestReadDirComplainsOfAllFilesTogether(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"access/a.yaml":     {Data: ownerNamed("one", "svc-one@acme.example")},
		"access/b.yaml":     {Data: ownerNamed("two", "SVC-One@acme.example")},
		"access/c.yaml":     {Data: ownerNamed("one", "svc-three@acme.example")},
		"access/d.yaml":     {Data: []byte("apiVersion: stepdown/v1\nkind: Setting\n")},
		"access/s1.yaml":    {Data: []byte(settings)},
		"access/s2.yaml":    {Data: []byte("# more\n" + settings)},
		"access/UPPER.YAML": {Data: []byte(settings)},
		"access/dir.yaml/x": {},
		"access/big.yaml":   {Data: make([]byte, 3*MaxBytes)},
	}
	_, err := ReadDir(fsys, "access")
	want := `access/UPPER.YAML:1:1: expected the name to end in .yaml or .yml, in lower case
access/b.yaml:4:1: account: "SVC-One@acme.example" is declared twice; the other is access/a.yaml:4
access/big.yaml:1:1: the file is larger than 65536 bytes, the most that a manifest may have
access/c.yaml:3:1: name: "one" is declared twice; the other is access/a.yaml:3
access/d.yaml:2:7: kind: expected TokenOwner or Settings, found the text "Setting"
access/dir.yaml:1:1: expected a regular file, found a folder
access/s2.yaml:3:1: kind: a second Settings document; the other is access/s1.yaml:1`
	if err == nil {
		t.Fatal("accepted")
	}
	if diff := cmp.Diff(want, problemsOf(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadDirRefusesSymbolicLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "x.yaml")
	if err := os.WriteFile(outside, []byte(owner), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	_, err := ReadDir(os.DirFS(dir), ".")
	if err == nil || !strings.Contains(err.Error(), "link.yaml:1:1: expected a regular file, found a symbolic link") {
		t.Errorf("error is %v", err)
	}
}

// unreadable is a folder of which one file cannot be opened.
type unreadable struct{ fstest.MapFS }

func (u unreadable) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, "locked.yaml") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return u.MapFS.Open(name)
}

func TestAFileThatCannotBeReadIsAnErrorNotAbsent(t *testing.T) {
	t.Parallel()
	fsys := unreadable{fstest.MapFS{"access/a.yaml": {Data: []byte(owner)}, "access/locked.yaml": {Data: []byte(owner)}}}
	dir, err := ReadDir(fsys, "access")
	if !errors.Is(err, fs.ErrPermission) || len(dir.Owners) > 0 {
		t.Errorf("got %d owners and error %v", len(dir.Owners), err)
	}
}

func TestProblemsDoNotDependOnTheOrderOfFiles(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{}
	for _, name := range []string{"c", "a", "b", "e", "d"} {
		files[name+".yaml"] = []byte(owner)
	}
	var first error
	for range 20 {
		_, err := Combine(files)
		if first == nil {
			first = err
		}
		if diff := cmp.Diff(first, err, cmpopts.EquateErrors()); diff != "" && first.Error() != err.Error() {
			t.Fatalf("differs:\n%s", diff)
		}
	}
}

package runneremu

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// The sizes up to which what a stage leaves behind is read: of a file, and of all of them.
const (
	maxFile  = 16 << 20
	maxFiles = 64 << 20
)

// left reads all that is in the job's folders, which are the workspace, the home and the temporary folder: by its path what a file has, or what
// a link points to. The files of commands are read elsewhere. unread are the files that could not be read, or not whole, with the reason.
func (j *Job) left() (files map[string]string, unread []string) {
	files = map[string]string{}
	j.mu.Lock()
	own := slices.Clone(j.own)
	j.mu.Unlock()
	room := int64(maxFiles)
	_ = filepath.WalkDir(j.options.Dir, func(path string, entry fs.DirEntry, err error) error {
		name, _ := filepath.Rel(j.options.Dir, path) // which it is under
		text := ""
		switch {
		case err != nil:
		case entry.Type() == fs.ModeSymlink:
			text, err = os.Readlink(path)
		case entry.Type().IsRegular() && !slices.Contains(own, path):
			text, err = beginning(path, min(maxFile, room))
			room -= int64(len(text))
		}
		if err != nil {
			unread = append(unread, fmt.Sprintf("%s: %v", name, err))
		}
		files[name] = text
		return nil
	})
	return files, unread
}

// beginning reads so many bytes of a file, and it is an error if there are more.
func beginning(path string, most int64) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most))
	if info, statErr := file.Stat(); err == nil && statErr == nil && info.Size() > most {
		err = fmt.Errorf("it has %d bytes, of which %d were read", info.Size(), most)
	}
	return string(text), err
}

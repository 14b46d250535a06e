// What was recorded: the lines that the emulator's builds with the tag witness write.

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// exchange is a request and its answer. Bodies that were neither JSON nor forms are absent.
type exchange struct {
	Method   string            `json:"method"`
	Route    string            `json:"route"`
	Target   string            `json:"target"`
	Agent    string            `json:"agent"`
	SentType string            `json:"sentType"`
	Sent     json.RawMessage   `json:"sent"`
	Status   int               `json:"status"`
	Header   map[string]string `json:"header"`
	Body     json.RawMessage   `json:"body"`
	Bytes    int               `json:"bytes"`

	url *url.URL
}

// readRecord reads a folder of records. The last line of a file may be short, where its process was killed; it counts
// as cut.
func readRecord(dir string) (all []exchange, cut int, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return nil, 0, err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, 0, fmt.Errorf("reading the record: %w", err)
		}
		for line := range bytes.Lines(data) {
			if !bytes.HasSuffix(line, []byte("\n")) {
				cut++
				continue
			}
			e, err := readExchange(line)
			if err != nil {
				return nil, 0, fmt.Errorf("reading the record %s: %w", filepath.Base(file), err)
			}
			all = append(all, e)
		}
	}
	return all, cut, nil
}

func readExchange(line []byte) (exchange, error) {
	var e exchange
	if err := json.Unmarshal(line, &e); err != nil {
		return e, err
	}
	var err error
	e.url, err = url.ParseRequestURI(e.Target)
	return e, err
}

// mediaType is the answer's, without parameters.
func (e exchange) mediaType() string {
	kind, _, _ := strings.Cut(e.Header["Content-Type"], ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// notEmulated tells the emulator's own refusal, which is no answer of the subject's.
func (e exchange) notEmulated(of subject) bool {
	return e.Status == 501 && bytes.Contains(e.Body, []byte(of.refusal))
}

func (e exchange) succeeded() bool { return e.Status >= 200 && e.Status < 300 }

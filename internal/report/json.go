package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/audit"
)

// JSON writes a report as the JSON that ReadJSON reads.
func JSON(w io.Writer, r audit.Report) error { return encode(w, r) }

// EvidenceJSON writes evidence as the JSON that ReadEvidenceJSON reads.
func EvidenceJSON(w io.Writer, e access.Evidence) error { return encode(w, e) }

// ReadJSON reads a report. Unknown fields, another version, and anything after the document are errors.
func ReadJSON(r io.Reader) (audit.Report, error) {
	var report audit.Report
	if err := decode(r, &report); err != nil {
		return audit.Report{}, fmt.Errorf("reading the report: %w", err)
	}
	if report.SchemaVersion != audit.SchemaVersion {
		return audit.Report{}, fmt.Errorf("reading the report: its schema_version is %q; this program reads %q", report.SchemaVersion, audit.SchemaVersion)
	}
	return report, nil
}

// ReadEvidenceJSON reads evidence, as strictly as ReadJSON.
func ReadEvidenceJSON(r io.Reader) (access.Evidence, error) {
	var evidence access.Evidence
	if err := decode(r, &evidence); err != nil {
		return access.Evidence{}, fmt.Errorf("reading the evidence: %w", err)
	}
	if evidence.SchemaVersion != access.EvidenceSchema {
		return access.Evidence{}, fmt.Errorf("reading the evidence: its schema_version is %q; this program reads %q", evidence.SchemaVersion, access.EvidenceSchema)
	}
	return evidence, nil
}

// encode writes v, indented, with a line break at its end.
func encode(w io.Writer, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(data, '\n'))
	return err
}

// decode reads exactly one document into v.
func decode(r io.Reader, v any) error {
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something after the document")
	}
	return nil
}

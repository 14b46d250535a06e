// Package policies carries the Rego: the controls of an audit, the admission of a request, and what they share. It holds
// no logic; package policy compiles and evaluates what is here.
//
// It imports the standard library only.
package policies

import (
	"embed"
	"io/fs"
)

//go:embed admission audit lib
var files embed.FS

// Files returns the policies and their tests. The directory of a file is its package: audit/unmanaged_token is
// audit.unmanaged_token.
func Files() fs.FS { return files }

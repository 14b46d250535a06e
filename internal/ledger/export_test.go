package ledger

import "github.com/stepdown/stepdown/internal/access"

// HashTree is how a tree is named.
var HashTree = hashTree

// Genuine tells whether a commit counts as the program's own, and of which generation.
func (b *Branch) Genuine(c access.GitCommit) (int, bool) {
	m, ok := b.genuine(c)
	return m.generation, ok
}

// Seal ends message as the holder of the key does.
func (b *Branch) Seal(message string, generation int, tree, parent string) (string, error) {
	return b.seal(message, generation, tree, parent)
}

// Line makes text from outside one line.
var Line = line

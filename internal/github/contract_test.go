package github

import (
	"github.com/stepdown/stepdown/internal/admission"
	"github.com/stepdown/stepdown/internal/ledger"
)

// Adapters import neither of the packages that they serve.
var (
	_ admission.Source  = (*Client)(nil)
	_ ledger.Repository = (*Client)(nil)
)

package access

import (
	"fmt"
	"log/slog"
)

// redacted is what a Secret prints as, whatever verb or encoder prints it.
const redacted = "[redacted]"

// Secret is a credential: an API token, a key, a password. It prints as [redacted] through fmt, log/slog and
// encoding/json, so that it can reach a log only by a call of Reveal, which is easy to search for.
type Secret struct{ value string }

// NewSecret wraps value. The empty string is a valid, empty secret.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns the value. Call it only where the value leaves the program towards its destination.
func (s Secret) Reveal() string { return s.value }

// IsZero tells whether there is no value.
func (s Secret) IsZero() bool { return s.value == "" }

// String implements fmt.Stringer.
func (Secret) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return redacted }

// Format implements fmt.Formatter, which covers the verbs that pass String by, such as %x and %d.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText implements encoding.TextMarshaler, which encoding/json and YAML encoders honour.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

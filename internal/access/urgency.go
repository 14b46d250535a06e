package access

import "context"

// urgentKey is the context key of the mark that Urgent sets.
type urgentKey struct{}

// Urgent marks what is done under ctx as part of taking a role away or of proving that it is gone: an account may be
// elevated until it is done, so that no ceiling that the program sets itself holds it up.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

// Unhurried takes that mark off again, for what comes once the role is gone.
func Unhurried(ctx context.Context) context.Context {
	return context.WithValue(ctx, urgentKey{}, false)
}

// IsUrgent tells whether ctx is marked by Urgent.
func IsUrgent(ctx context.Context) bool {
	urgent, _ := ctx.Value(urgentKey{}).(bool)
	return urgent
}

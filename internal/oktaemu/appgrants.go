// The scopes that apps were granted: /api/v1/apps/{app}/grants.

package oktaemu

import "time"

// appGrant is a scope that an app was granted. By is the user or app that gave it.
type appGrant struct {
	id, scope string
	by        principal
	created   time.Time
}

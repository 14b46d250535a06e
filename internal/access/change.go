package access

// Change is one thing that apply will do, in order. plan prints it, apply does exactly it.
type Change struct {
	Action ChangeAction `json:"action"`
	// Subject is what it is done to: a role, a token, the account's sessions.
	Subject string `json:"subject"`
	// Why is the reason, for people.
	Why string `json:"why"`
}

// ChangeAction says what kind of thing a change does.
type ChangeAction string

// The actions, in the order in which a run does them.
const (
	ActionOpenLease      ChangeAction = "open-lease"
	ActionAssignIntended ChangeAction = "assign-intended-role"
	ActionEndSessions    ChangeAction = "end-sessions"
	ActionElevate        ChangeAction = "assign-temporary-role"
	ActionAwaitToken     ChangeAction = "await-token"
	ActionStepDown       ChangeAction = "remove-temporary-role"
	ActionProve          ChangeAction = "prove"
	ActionRestrictToken  ChangeAction = "restrict-token"
	ActionCloseLease     ChangeAction = "close-lease"
	ActionRemoveRole     ChangeAction = "remove-role"  // of a downgrade and of an end
	ActionRevokeToken    ChangeAction = "revoke-token" // of an end
)

package admission

import data.lib.instants

# Whether somebody is there. An account is elevated so that a person creates its token: before there is one, it waits, and
# what waits holds no privilege.

_waiting := [reason | _allow; some reason in sort(_reasons_to_wait)]

_reasons_to_wait contains reason if {
	"scheduled" in _applicable
	input.trigger == "schedule"
	reason := _deny(
		"scheduled",
		"trigger",
		"a scheduled run never elevates for a handoff",
		_presence_hint,
	)
}

_reasons_to_wait contains reason if {
	"presence" in _applicable
	count(_witnesses) == 0
	reason := _deny("presence", "comments", concat("", [_nobody, _since_the_last_window]), _presence_hint)
}

_nobody := $"nobody has been there in the last {round(input.settings.presence_seconds / 60)} minutes"

default _since_the_last_window := ""

_since_the_last_window := $", and since {input.presence_spent}, which opened a window already" if instants.of(input.presence_spent)

_presence_hint := $"Have {input.request.operator} write the comment \"/stepdown ready\" when they are ready to create the token." if {
	not contains(input.request.operator, "@")
}

_presence_hint := "Have somebody approve it again when the operator is ready to create the token." if {
	contains(input.request.operator, "@")
}

default _presence := {"by": "", "how": "", "at": ""}

_presence := {"by": latest[1], "how": latest[2], "at": latest[3]} if {
	_allow
	"presence" in _applicable
	count(_waiting) == 0
	latest := max(_witnesses)
}

# When, by whom and how somebody showed to be there. Each opens one window.

_witnesses contains [instants.of(review.submitted_at), review.user, "approval", review.submitted_at] if {
	some review in _effective
	_age_seconds(review.submitted_at) <= input.settings.presence_seconds
	not _spent(review.submitted_at)
}

# The operator says so, after the approvals. An edited comment has been another one: whoever may write can edit any.
_witnesses contains [instants.of(comment.created_at), comment.user, "comment", comment.created_at] if {
	some comment in input.comments
	trim_space(comment.body) == "/stepdown ready"
	comment.user_type == "User"
	lower(comment.user) == lower(input.request.operator)
	not contains(input.request.operator, "@")
	comment.updated_at == comment.created_at
	age := _age_seconds(comment.created_at)
	age <= input.settings.presence_seconds
	age >= 0 - _clock_skew_seconds
	instants.of(comment.created_at) > instants.of(_approved_at)
	not _spent(comment.created_at)
}

_spent(at) if instants.of(at) <= instants.of(input.presence_spent)

package admission

import data.lib.instants

# Reviews. GitHub lists them in the order in which they were given; the last one of a person that is more than a comment
# is that person's word. A state that nobody knows takes back the person's approval. What deleted accounts said stands each
# for itself: nobody can tell whether they were one.

_standing[person] := review if {
	some person in {_person(i) | some i, _ in input.reviews}
	indices := [i |
		some i, review in input.reviews
		_person(i) == person
		not review.state in {"COMMENTED", "PENDING"}
	]
	review := input.reviews[max(indices)]
}

_person(i) := lower(input.reviews[i].user) if input.reviews[i].user != ""

_person(i) := $"#{i}" if input.reviews[i].user == ""

_approvals contains review if {
	some review in _standing
	review.state == "APPROVED"
}

_effective contains review if {
	some review in _approvals
	count(_shortcomings(review)) == 0
}

_needed_approvals := max([1, input.settings.approvals]) if not _emergency

_needed_approvals := max([2, input.settings.approvals + 1]) if _emergency

default _approved_at := ""

_approved_at := review.submitted_at if {
	latest := max({instants.of(review.submitted_at) | some review in _effective})
	some review in _effective
	instants.of(review.submitted_at) == latest
}

_found contains denial if {
	some review in _standing
	review.state == "CHANGES_REQUESTED"
	denial := _deny(
		"no_changes_requested",
		"reviews",
		$"{review.user} requests changes",
		$"Settle it with {review.user}, who then approves or has the review dismissed.",
	)
}

_found contains denial if {
	count(_approvals) == 0
	denial := _deny("approved", "reviews", "no review approves the pull request", _approve_hint)
}

_found contains denial if {
	count(_effective) < _needed_approvals
	some review in _approvals
	count(_shortcomings(review)) > 0
	why := concat("; ", sort(_shortcomings(review)))
	denial := _deny("approved", "reviews", $"the approval of {review.user} does not count: {why}", _approve_hint)
}

_found contains denial if {
	_needed_approvals > 1
	count(_effective) < _needed_approvals
	denial := _deny(
		"approved",
		"reviews",
		$"{count(_effective)} of the {_needed_approvals} approvals that are needed count",
		_approve_hint,
	)
}

_approve_hint := $"Have people {_eligible}, and neither wrote nor pushed it, approve the present head: it takes {_needed_approvals}."

_eligible := "who may write to the repository" if count(input.settings.teams) == 0

_eligible := $"of {concat(" or ", input.settings.teams)} who may write to the repository" if count(input.settings.teams) > 0

# Why an approval does not count. How far a review may lie ahead of this machine's clock:

_clock_skew_seconds := 300

_shortcomings(review) := {shortcoming.text | some shortcoming in _shortcoming[review]}

_shortcoming[review] contains shortcoming if {
	some review in _approvals
	review.commit_id != input.pull_request.head_sha
	shortcoming := _lacks("approval_at_head", $"it is of commit {review.commit_id}, the head is {input.pull_request.head_sha}")
}

# A review does not say what its commit was compared with. Times have whole seconds: what is as old as an event may be older.
_shortcoming[review] contains shortcoming if {
	some review in _approvals
	some event in input.events
	event.kind != "reopened"
	not _later(review.submitted_at, event.at)
	shortcoming := _lacks("approval_at_base", $"it was given before the base of the pull request changed at {event.at} ({event.kind})")
}

_shortcoming[review] contains shortcoming if {
	some review in _approvals
	review.commit_id == input.pull_request.head_sha
	not _counted_from_the_same(review)
	shortcoming := _lacks("approval_at_base", "what it was given for was counted from another commit of the default branch: the change was another one")
}

_counted_from_the_same(review) if {
	some then in input.merge_bases.then
	then.review == review.id
	then.sha == input.merge_bases.now
}

_shortcoming[review] contains shortcoming if {
	some review in _approvals
	some event in input.events
	event.kind == "reopened"
	not _later(review.submitted_at, event.at)
	shortcoming := _lacks("approval_after_reopening", $"it was given before the pull request was opened again at {event.at}")
}

_shortcoming[review] contains shortcoming if {
	some review in _approvals
	review.user_type != "User"
	shortcoming := _lacks("approval_by_person", $"the reviewer is of type \"{review.user_type}\", not a person")
}

_shortcoming[review] contains shortcoming if {
	some review in _approvals
	review.user == ""
	shortcoming := _lacks("approval_by_person", "the reviewer has no name")
}

_shortcoming[review] contains shortcoming if {
	some review in _approvals
	lower(review.user) == lower(input.pull_request.author)
	shortcoming := _lacks("approval_not_by_author", "the reviewer is the author")
}

_shortcoming[review] contains shortcoming if {
	some review in _approvals
	lower(review.user) in _pushers
	shortcoming := _lacks("approval_not_by_pusher", "the reviewer pushed to the branch")
}

_shortcoming[review] contains shortcoming if {
	some review in _approvals
	not _may_write(review)
	permission := concat(", ", {authority.permission | some authority in _authorities_of(review)})
	shortcoming := _lacks("approval_with_authority", $"the reviewer may not write to the repository (permission \"{permission}\")")
}

_shortcoming[review] contains shortcoming if {
	some review in _approvals
	count(input.settings.teams) > 0
	not _in_team(review)
	shortcoming := _lacks("approval_by_team", $"the reviewer is not in {concat(" or ", input.settings.teams)}")
}

_shortcoming[review] contains shortcoming if {
	some review in _approvals
	not instants.of(review.submitted_at)
	shortcoming := _lacks("approval_fresh", $"its time, {review.submitted_at}, cannot be when it was given")
}

_shortcoming[review] contains shortcoming if {
	some review in _approvals
	age := _age_seconds(review.submitted_at)
	age > input.settings.max_approval_age_seconds
	shortcoming := _lacks("approval_fresh", $"it is {age} s old, the settings allow {input.settings.max_approval_age_seconds} s")
}

_shortcoming[review] contains shortcoming if {
	some review in _approvals
	_age_seconds(review.submitted_at) < 0 - _clock_skew_seconds
	shortcoming := _lacks("approval_fresh", $"it was given at {review.submitted_at}, later than now, {input.now}")
}

_later(a, b) if instants.of(a) > instants.of(b)

_lacks(rule, text) := {"rule": rule, "text": text}

_age_seconds(at) := ceil((time.parse_rfc3339_ns(input.now) - instants.of(at)) / 1000000000)

# What the reviewer may do. The names of roles decide nothing: each comes to a permission.

_authorities_of(review) := {authority |
	some authority in input.authorities
	lower(authority.user) == lower(review.user)
}

_may_write(review) if {
	count(_authorities_of(review)) > 0
	every authority in _authorities_of(review) {
		authority.permission in {"admin", "write"}
	}
}

_in_team(review) if {
	some authority in _authorities_of(review)
	some team in authority.teams
	lower(team) in {lower(named) | some named in input.settings.teams}
}

# Who pushed: everybody who ever changed where the branch points, other than by deleting it. The authors of commits are text.

_pushers contains lower(push.actor) if {
	some push in input.pushes
	push.kind != "branch_deletion"
}

_found contains denial if {
	input.pull_request.head_repo == input.pull_request.repository
	not _pusher_known
	denial := _deny(
		"pusher_known",
		"pushes",
		$"GitHub does not say yet who pushed {input.pull_request.head_sha}",
		"Run it again in a minute. If it stays so, push once more and have that approved.",
	)
}

# A push by a bot is somebody's: whoever can start a workflow can have it push, and could then approve what they wrote.
_found contains denial if {
	input.pull_request.head_repo == input.pull_request.repository
	some push in input.pushes
	push.kind != "branch_deletion"
	push.actor_type != "User"
	denial := _deny(
		"pusher_known",
		"pushes",
		$"\"{push.actor}\" of type \"{push.actor_type}\" pushed to the branch: nobody can tell who had it push",
		"Open the pull request from a branch that only people have pushed to.",
	)
}

_pusher_known if {
	some push in input.pushes
	push.ref == $"refs/heads/{input.pull_request.head_ref}"
	push.after == input.pull_request.head_sha
	push.actor != ""
}

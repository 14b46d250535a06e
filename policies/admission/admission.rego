# METADATA
# title: Admission
# description: >-
#   A request is admitted when nothing denies it: its pull request is open and of this repository, its present head is
#   approved by another person, it changes one manifest and nothing else, and it asks for no more than the settings allow.
# scope: package
# schemas:
#   - input: schema.admission
package admission

import data.lib.instants

# METADATA
# description: the decision. Package policy takes anything but exactly this shape for an error, which admits nothing.
# entrypoint: true
decision := {
	"allow": count(_denials) == 0,
	"denials": [denial | some denial in sort(_denials)],
	"approvers": sort([review.user | some review in _effective]),
	"approved_at": _approved_at,
}

default _approved_at := ""

_approved_at := review.submitted_at if {
	latest := max({instants.of(review.submitted_at) | some review in _effective})
	some review in _effective
	instants.of(review.submitted_at) == latest
}

# How far a review may lie ahead of this machine's clock.
_clock_skew_seconds := 300

_denials contains denial if {
	input.pull_request.state != "open"
	denial := _deny(
		"pull_request_open",
		"pull_request.state",
		$"the pull request is {input.pull_request.state}",
		"Open a new pull request.",
	)
}

_denials contains denial if {
	input.pull_request.merged
	denial := _deny("pull_request_open", "pull_request.merged", "the pull request is merged", "Open a new pull request.")
}

_denials contains denial if {
	input.pull_request.draft
	denial := _deny(
		"not_draft",
		"pull_request.draft",
		"the pull request is a draft",
		"Mark it as ready for review, and have it approved again if its head moved.",
	)
}

_denials contains denial if {
	input.pull_request.head_repo != input.pull_request.repository
	denial := _deny(
		"not_a_fork",
		"pull_request.head_repo",
		$"the head is in \"{input.pull_request.head_repo}\", not in \"{input.pull_request.repository}\"",
		"Push the branch to the repository itself.",
	)
}

_denials contains denial if {
	input.pull_request.base_ref != input.pull_request.default_branch
	denial := _deny(
		"default_branch",
		"pull_request.base_ref",
		$"the pull request goes to \"{input.pull_request.base_ref}\"; requests go to \"{input.pull_request.default_branch}\"",
		"Change the base branch of the pull request.",
	)
}

_denials contains denial if {
	some field in ["repository", "author", "head_sha", "default_branch"]
	input.pull_request[field] == ""
	denial := _deny(
		"facts_complete",
		$"pull_request.{field}",
		$"GitHub did not say the {field} of the pull request",
		"Run again; if it stays so, look at the permissions of the token that reads the repository.",
	)
}

_denials contains denial if {
	some field in ["account", "name", "reason", "ticket"]
	trim_space(input.request[field]) == ""
	denial := _deny(
		"request_complete",
		$"request.{field}",
		$"the manifest has no {field}",
		$"Give the {field} in the manifest and have it approved again.",
	)
}

_denials contains denial if {
	input.request.window_seconds > input.settings.max_window_seconds
	denial := _deny(
		"window_ceiling",
		"elevation.window",
		$"the window is {input.request.window_seconds} s; the settings allow {input.settings.max_window_seconds} s",
		"Ask for a shorter window, or have the ceiling raised in the settings on the default branch.",
	)
}

_denials contains denial if {
	input.request.window_seconds <= 0
	denial := _deny(
		"window_ceiling",
		"elevation.window",
		$"the window is {input.request.window_seconds} s",
		"Ask for a window that is longer than nothing.",
	)
}

_denials contains denial if {
	not input.settings.elevation_role_allowed
	denial := _deny(
		"elevation_role",
		"elevation.role",
		$"the settings do not allow {input.request.account} to be given {input.request.elevation_role}",
		"Ask for READ_ONLY_ADMIN, or have the role allowed for this account in the settings on the default branch.",
	)
}

# Reviews. GitHub lists them in the order in which they were given; the last one of a person that is more than a comment
# is that person's word. A state that nobody knows takes back the person's approval.

_standing[user] := review if {
	some user in {lower(review.user) | some review in input.reviews}
	indices := [i |
		some i, review in input.reviews
		lower(review.user) == user
		not review.state in {"COMMENTED", "PENDING"}
	]
	review := input.reviews[max(indices)]
}

_approvals contains review if {
	some review in _standing
	review.state == "APPROVED"
}

_effective contains review if {
	some review in _approvals
	count(_shortcomings(review)) == 0
}

_denials contains denial if {
	some review in _standing
	review.state == "CHANGES_REQUESTED"
	denial := _deny(
		"no_changes_requested",
		"reviews",
		$"{review.user} requests changes",
		$"Settle it with {review.user}, who then approves or has the review dismissed.",
	)
}

_denials contains denial if {
	count(_approvals) == 0
	denial := _deny(
		"approved",
		"reviews",
		"no review approves the pull request",
		$"Have someone other than {input.pull_request.author} approve it.",
	)
}

_denials contains denial if {
	count(_effective) == 0
	some review in _approvals
	why := concat("; ", sort(_shortcomings(review)))
	denial := _deny(
		"approved",
		"reviews",
		$"the approval of {review.user} does not count: {why}",
		$"Have a person other than {input.pull_request.author} approve the present head.",
	)
}

_shortcomings(review) := {text | some text in _shortcoming[review]}

_shortcoming[review] contains $"it is of commit {review.commit_id}, the head is {input.pull_request.head_sha}" if {
	some review in _approvals
	review.commit_id != input.pull_request.head_sha
}

_shortcoming[review] contains $"the reviewer is of type \"{review.user_type}\", not a person" if {
	some review in _approvals
	review.user_type != "User"
}

_shortcoming[review] contains "the reviewer is the author" if {
	some review in _approvals
	lower(review.user) == lower(input.pull_request.author)
}

_shortcoming[review] contains "the reviewer has no name" if {
	some review in _approvals
	review.user == ""
}

_shortcoming[review] contains $"its time, {review.submitted_at}, cannot be when it was given" if {
	some review in _approvals
	not instants.of(review.submitted_at)
}

_shortcoming[review] contains $"it is {age} s old, the settings allow {input.settings.max_approval_age_seconds} s" if {
	some review in _approvals
	age := _age_seconds(review)
	age > input.settings.max_approval_age_seconds
}

_shortcoming[review] contains $"it was given at {review.submitted_at}, later than now, {input.now}" if {
	some review in _approvals
	_age_seconds(review) < 0 - _clock_skew_seconds
}

_age_seconds(review) := ceil((time.parse_rfc3339_ns(input.now) - instants.of(review.submitted_at)) / 1000000000)

# Files.

_denials contains denial if {
	some file in input.files
	why := _stray(file)
	denial := _deny(
		"only_a_manifest",
		"files",
		$"\"{file.path}\" {why}",
		$"Leave one added or changed manifest in \"{input.access_dir}\" in this pull request, and put the rest into another.",
	)
}

_denials contains denial if {
	count(input.files) != 1
	denial := _deny(
		"one_manifest",
		"files",
		$"the pull request changes {count(input.files)} files",
		$"Change exactly one manifest in \"{input.access_dir}\".",
	)
}

_stray(file) := $"is not a .yaml or .yml file that lies directly in \"{input.access_dir}\"" if not _manifest(file.path)

_stray(file) := "is the settings, which no request may change" if {
	_manifest(file.path)
	_settings(file.path)
}

_stray(file) := $"is {file.status}, which a request cannot be" if {
	_manifest(file.path)
	not _settings(file.path)
	not file.status in {"added", "changed", "copied", "modified", "renamed"}
}

_stray(file) := $"comes from \"{file.previous_path}\", which is not a manifest" if {
	_manifest(file.path)
	not _settings(file.path)
	file.status in {"added", "changed", "copied", "modified", "renamed"}
	_foreign(object.get(file, "previous_path", ""))
}

_foreign(path) if {
	path != ""
	not _manifest(path)
}

_foreign(path) if {
	_manifest(path)
	_settings(path)
}

_manifest(path) if {
	prefix := $"{input.access_dir}/"
	startswith(path, prefix)
	name := substring(path, count(prefix), -1)
	not contains(name, "/")
	regex.match(`^[^.].*\.ya?ml$`, name)
}

_settings(path) if regex.match(`(?i)/settings\.ya?ml$`, path)

_deny(rule, field, msg, hint) := {"rule": rule, "field": field, "msg": msg, "hint": hint}

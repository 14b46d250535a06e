# METADATA
# title: Admission
# description: >-
#   A request is admitted when nothing denies it: everything that it rests on could be read, its pull request is open or
#   merged and of this repository, enough people who may do so approved its present head, none of whom wrote or pushed it,
#   it changes one manifest and nothing else, and it asks for no more than the settings allow. What is admitted may still
#   have to wait until somebody is there.
# scope: package
# schemas:
#   - input: schema.admission
package admission

# METADATA
# description: the decision. Package policy takes anything but exactly this shape for an error, which admits nothing.
# entrypoint: true
decision := {
	"allow": _allow,
	"denials": [denial | some denial in sort(_denials)],
	"waiting": _waiting,
	"approvers": sort([review.user | some review in _effective]),
	"approved_at": _approved_at,
	"present": _presence,
	"trace": [step |
		some rule in _rules
		step := {"rule": rule.id, "title": rule.title, "facts": rule.facts, "outcome": _outcome(rule)}
	],
}

default _allow := false

_allow if count(_denials) == 0

# The rules, in the order of the trace. The facts of a rule are fields of the input. Where one of them could not be read, the
# rule says nothing, and facts_readable denies.

_rules := [
	_rule("facts_readable", "Everything that the decision rests on could be read", ["coverage"]),
	_rule("trigger", "The run was started by an event that a request may be carried out on", ["trigger", "settings.direct_review"]),
	_rule("facts_complete", "GitHub said who asks for what, and where", ["pull_request"]),
	_rule("pull_request_open", "The pull request is open, or merged, as the settings want it", ["pull_request.state", "pull_request.merged", "settings.merge"]),
	_rule("merged_manifest", "What was merged is what was approved", ["pull_request.merged", "manifest", "declared"]),
	_rule("author_is_a_person", "Who asks is a person", ["pull_request.author", "pull_request.author_type"]),
	_rule("not_draft", "The pull request is no draft", ["pull_request.draft"]),
	_rule("not_a_fork", "The head is in this repository", ["pull_request.head_repo"]),
	_rule("default_branch", "The pull request goes to the default branch", ["pull_request.base_ref"]),
	_rule("only_a_manifest", "Nothing but manifests changes", ["files"]),
	_rule("one_manifest", "Exactly one file changes", ["files"]),
	_rule("request_complete", "The manifest says what is asked for and why", ["request"]),
	_rule("service_account", "The account is a service account by the settings", ["request.account", "settings.service_account"]),
	_rule("account_by_login", "It can be told who has to approve for this account", ["request.account", "settings.approvals_known"]),
	_rule("role_permissions", "The role has no permission that the settings forbid", ["permissions", "settings.forbidden"]),
	_rule("window_ceiling", "The window is no longer than the settings allow", ["request.window_seconds", "settings.max_window_seconds"]),
	_rule("elevation_role", "The settings allow the temporary role for this account", ["request.elevation_role", "settings.elevation_role_allowed"]),
	_rule("break_glass", "An emergency is one that the settings allow", ["request.break_glass", "settings.break_glass_allowed", "settings.break_glass_max_window_seconds"]),
	_rule("freeze", "No freeze is on", ["now", "settings.freezes", "request.break_glass"]),
	_rule("pusher_known", "GitHub knows who pushed the head", ["pushes", "pull_request.head_sha"]),
	_rule("no_changes_requested", "Nobody requests changes", ["reviews"]),
	_rule("approved", "Enough people approved it", array.concat(_approval_facts, ["settings.approvals"])),
	_rule("approval_at_head", "What was approved is the present head", ["reviews", "pull_request.head_sha"]),
	_rule("approval_at_base", "What was approved is counted from the present base", ["reviews", "events", "merge_bases"]),
	_rule("approval_after_reopening", "What was approved has not been closed since", ["reviews", "events"]),
	_rule("approval_by_person", "Approvals are people's, not those of bots or of deleted accounts", ["reviews"]),
	_rule("approval_not_by_author", "Nobody approves what they asked for", ["reviews", "pull_request.author"]),
	_rule("approval_not_by_pusher", "Nobody approves what they pushed", ["reviews", "pushes"]),
	_rule("approval_with_authority", "Who approves may write to the repository", ["reviews", "authorities"]),
	_rule("approval_by_team", "Who approves is in a team that the settings name", ["reviews", "authorities", "settings.teams"]),
	_rule("approval_fresh", "Approvals are no older than the settings say, and not of the future", ["reviews", "now", "settings.max_approval_age_seconds"]),
	_rule("branch_rules", "The default branch is protected as the settings want it", ["rules", "settings.branch_protection"]),
	_rule("code_owners", "CODEOWNERS has no errors", ["owners_errors"]),
	_rule("scheduled", "The run was not started by the clock", ["trigger", "request.delivery"]),
	_rule("presence", "Somebody is there to create the token", array.concat(_approval_facts, ["comments", "presence_spent", "request.operator", "settings.presence_seconds"])),
]

_rule(id, title, facts) := {"id": id, "title": title, "facts": facts}

_approval_facts := ["reviews", "pull_request", "events", "merge_bases", "authorities", "pushes", "settings.teams", "settings.max_approval_age_seconds"]

# Which rules apply.

_applicable contains rule.id if {
	some rule in _rules
	not rule.id in _silent
	every fact in rule.facts {
		_known(split(fact, ".")[0])
	}
}

_silent contains id if {
	some id in {"service_account", "role_permissions", "window_ceiling", "elevation_role", "break_glass", "freeze", "scheduled", "presence"}
	input.action == "end"
}

_silent contains id if {
	some id in {"request_complete", "service_account", "account_by_login", "role_permissions", "window_ceiling", "elevation_role", "break_glass", "merged_manifest", "scheduled", "presence"}
	input.manifest.path == ""
}

_silent contains id if {
	some id in {"scheduled", "presence"}
	input.plan
}

_silent contains id if {
	some id in {"scheduled", "presence"}
	input.request.delivery != "handoff"
}

_silent contains "merged_manifest" if not input.pull_request.merged

_silent contains "break_glass" if not _emergency

_silent contains "branch_rules" if input.settings.branch_protection == "none"

_silent contains "approval_by_team" if count(input.settings.teams) == 0

# The fact on which a part of the input rests.
_rests_on := {"settings": "declared", "request": "manifest"}

_known(part) if part in {"coverage", "now", "presence_spent", "trigger"}

_known(part) if input.coverage[object.get(_rests_on, part, part)].read

_emergency if {
	input.action == "elevate"
	input.request.break_glass != ""
}

# What they say.

_denials contains denial if {
	some denial in _found
	denial.rule in _applicable
}

_outcome(rule) := "not_applicable" if not rule.id in _applicable

_outcome(rule) := "deny" if {
	rule.id in _applicable
	rule.id in _denying
}

_outcome(rule) := "wait" if {
	rule.id in _holding_up
}

_outcome(rule) := "pass" if {
	rule.id in _applicable
	not rule.id in _denying
	not rule.id in _holding_up
}

_holding_up contains reason.rule if some reason in _reasons_to_wait

_denying contains denial.rule if some denial in _denials

# What an approval lacks denies through the rule approved.
_denying contains shortcoming.rule if {
	some denial in _denials
	denial.rule == "approved"
	some review in _approvals
	some shortcoming in _shortcoming[review]
}

_found contains denial if {
	some name in _needed
	not input.coverage[name].read
	missing := {"msg": $"{name} was not read", "hint": "Run it again."}
	reading := object.get(input.coverage, name, missing)
	denial := _deny("facts_readable", $"coverage.{name}", reading.msg, reading.hint)
}

# Without the pull request, nothing else is looked for.
_needed contains "pull_request"

_needed contains name if {
	input.coverage.pull_request.read
	some name in [
		"reviews",
		"events",
		"merge_bases",
		"files",
		"declared",
		"custom_rules",
		"manifest",
		"pushes",
		"authorities",
		"owners_errors",
	]
}

_needed contains "permissions" if {
	input.coverage.pull_request.read
	not "role_permissions" in _silent
}

_needed contains "rules" if {
	input.coverage.pull_request.read
	input.settings.branch_protection != "none"
}

_needed contains "comments" if {
	input.coverage.pull_request.read
	not "presence" in _silent
}

_deny(rule, field, msg, hint) := {"rule": rule, "field": field, "msg": msg, "hint": hint}

package admission_test

import data.admission

# Requests that are admitted, or that some rule denies or has wait. Every input is held against the schema by a Go test,
# which finds it by the name cases.

cases := {name: {"input": object.union(base, patch), "want": want} |
	some table in [
		_facts,
		_pull_request_cases,
		_repository_cases,
		_file_cases,
		_request_cases,
		_end_cases,
		_review_cases,
		_approver_cases,
		_presence_cases,
	]
	some name, [patch, want] in table
}

# A request that is admitted: dana wrote and pushed it, grace approved it five minutes ago.
base := {
	"now": "2030-01-01T12:00:00Z",
	"presence_spent": "0001-01-01T00:00:00Z",
	"trigger": "workflow_run",
	"plan": false,
	"action": "elevate",
	"coverage": {name: {"read": true, "msg": "", "hint": ""} |
		some name in [
			"pull_request",
			"reviews",
			"events",
			"merge_bases",
			"files",
			"declared",
			"custom_rules",
			"manifest",
			"pushes",
			"authorities",
			"rules",
			"owners_errors",
			"comments",
			"permissions",
		]
	},
	"pull_request": {
		"repository": "acme/access",
		"number": 7,
		"url": "https://github.example/acme/access/pull/7",
		"state": "open",
		"merged": false,
		"merge_sha": "",
		"draft": false,
		"author": "dana",
		"author_type": "User",
		"head_sha": "aaa",
		"head_ref": "invoice",
		"head_repo": "acme/access",
		"base_ref": "main",
		"default_branch": "main",
	},
	"reviews": [review(1, "grace", "APPROVED", "aaa", "2030-01-01T11:55:00Z")],
	"files": [{"path": "access/alpha.yaml", "status": "added"}],
	"permissions": ["okta.groups.read"],
	"events": [],
	"merge_bases": {"now": "mmm", "then": [{"review": id, "sha": "mmm"} | some id in numbers.range(1, 9)]},
	"pushes": [push(1, "dana", "branch_creation", "aaa")],
	"authorities": [authority("grace", "write", []), authority("ada", "admin", []), authority("eve", "read", [])],
	"rules": {
		"branch": "main",
		"protected": true,
		"pull_request": true,
		"approvals": 1,
		"dismiss_stale": false,
		"last_push": false,
		"code_owners": false,
		"no_force_push": true,
		"no_deletion": true,
		"no_update": false,
		"linear_history": false,
		"required_checks": false,
	},
	"owners_errors": [],
	"comments": [],
	"access_dir": "access",
	"settings_sha": "fff",
	"custom_rules": [],
	"manifest": {"path": "access/alpha.yaml", "sha256": "m1", "default_sha256": ""},
	"request": {
		"account": "svc-a@acme.example",
		"name": "alpha",
		"ticket": "OPS-1",
		"reason": "nightly export",
		"owner": "team-finance",
		"operator": "Oscar",
		"custom_role": "Reader",
		"resource_set": "Some",
		"token_name": "alpha",
		"zones": [],
		"delivery": "handoff",
		"destination": "vault",
		"elevation_role": "READ_ONLY_ADMIN",
		"window_seconds": 900,
		"co_elevate": false,
		"break_glass": "",
	},
	"settings": {
		"max_window_seconds": 1800,
		"elevation_role_allowed": true,
		"approvals_known": true,
		"service_account": true,
		"forbidden": [],
		"approvals": 1,
		"teams": [],
		"max_approval_age_seconds": 86400,
		"presence_seconds": 900,
		"merge": "allowed",
		"direct_review": false,
		"branch_protection": "ruleset",
		"freezes": [],
		"break_glass_allowed": true,
		"break_glass_max_window_seconds": 600,
	},
}

review(id, user, state, commit, at) := {
	"id": id,
	"user": user,
	"user_type": "User",
	"state": state,
	"commit_id": commit,
	"submitted_at": at,
}

push(id, actor, kind, after) := {
	"id": id,
	"ref": "refs/heads/invoice",
	"before": "000",
	"after": after,
	"kind": kind,
	"actor": actor,
	"actor_type": "User",
	"at": "2030-01-01T11:00:00Z",
}

authority(user, permission, teams) := {"user": user, "permission": permission, "role": permission, "teams": teams}

comment(user, body, at) := {
	"id": 1,
	"user": user,
	"user_type": "User",
	"body": body,
	"created_at": at,
	"updated_at": at,
	"url": "https://github.example/acme/access/pull/7#issuecomment-1",
}

# Facts that could not be read.

_unread(names) := {"coverage": {name: {"read": false, "msg": $"reading {name}: 403", "hint": "Give it."} | some name in names}}

_facts := {
	"admitted": [{}, set()],
	"reviews not read": [_unread(["reviews"]), {"facts_readable"}],
	"reviews not read and none there": [object.union(_unread(["reviews"]), {"reviews": []}), {"facts_readable"}],
	"files not read": [object.union(_unread(["files"]), {"files": []}), {"facts_readable"}],
	"settings not read": [object.union(_unread(["declared"]), {"settings": {"max_window_seconds": 1}}), {"facts_readable"}],
	"own rules not read": [_unread(["custom_rules"]), {"facts_readable"}],
	"manifest not read": [object.union(_unread(["manifest"]), {"request": {"ticket": ""}}), {"facts_readable"}],
	"pushes not read": [object.union(_unread(["pushes"]), {"pushes": []}), {"facts_readable"}],
	"merge bases not read": [_unread(["merge_bases"]), {"facts_readable"}],
	"events not read": [_unread(["events"]), {"facts_readable"}],
	"authorities not read": [object.union(_unread(["authorities"]), {"authorities": []}), {"facts_readable"}],
	"rules not read": [object.union(_unread(["rules"]), {"rules": {"pull_request": false}}), {"facts_readable"}],
	"rules not read and not needed": [object.union(_unread(["rules"]), {"settings": {"branch_protection": "none"}}), set()],
	"CODEOWNERS not read": [_unread(["owners_errors"]), {"facts_readable"}],
	"comments not read": [_unread(["comments"]), {"facts_readable"}],
	"comments not read and not needed": [object.union(_unread(["comments"]), {"plan": true}), set()],
	"pull request not read": [
		object.union(_unread(["pull_request", "reviews", "files", "rules", "comments"]), {"pull_request": {"state": "", "author": "", "head_sha": ""}}),
		{"facts_readable"},
	],
}

# What every decision is like. It is made once for each case, and in one test for all: a test of every case by its name takes
# many times as long. A Go test prints wrong.

test_decisions if wrong == {}

wrong := {name: what |
	some name, case in cases
	decision := admission.decision with input as case.input
	what := _wrong(case.want, decision)
	what != set()
}

_wrong(want, decision) := {what |
	denies := want - {"presence", "scheduled"}
	waits := {rule | some rule in want; denies == set()}
	said := array.concat(decision.denials, decision.waiting)
	some what, right in {
		"allow": decision.allow == (denies == set()),
		"denials": {denial.rule | some denial in decision.denials} == denies,
		"waiting": {reason.rule | some reason in decision.waiting} == waits,
		"present of what is denied": {decision.present.by, ""} == ({decision.present.by | some _ in [1]; decision.allow} | {""}),
		"a denial without text": count([1 | some denial in said; some text in denial; text == ""]) == 0,
		"order of the trace": [step.rule | some step in decision.trace] == _rules,
		"denials of the trace": {step.rule |
			some step in decision.trace
			step.outcome == "deny"
			not startswith(step.rule, "approval_")
		} == denies,
		"waiting of the trace": {step.rule | some step in decision.trace; step.outcome == "wait"; decision.allow} == waits,
	}
	not right
}

_rules := [
	"facts_readable",
	"trigger",
	"facts_complete",
	"pull_request_open",
	"merged_manifest",
	"author_is_a_person",
	"not_draft",
	"not_a_fork",
	"default_branch",
	"only_a_manifest",
	"one_manifest",
	"request_complete",
	"service_account",
	"account_by_login",
	"role_permissions",
	"window_ceiling",
	"elevation_role",
	"break_glass",
	"freeze",
	"pusher_known",
	"no_changes_requested",
	"approved",
	"approval_at_head",
	"approval_at_base",
	"approval_after_reopening",
	"approval_by_person",
	"approval_not_by_author",
	"approval_not_by_pusher",
	"approval_with_authority",
	"approval_by_team",
	"approval_fresh",
	"branch_rules",
	"code_owners",
	"scheduled",
	"presence",
]

test_what_is_wrong_is_seen if {
	right := admission.decision with input as base
	_wrong(set(), right) == set()
	_wrong({"approved"}, right) == {"allow", "denials", "denials of the trace"}
	_wrong({"presence"}, right) == {"waiting", "waiting of the trace"}
	count(_wrong(set(), object.union(right, {"trace": [], "waiting": [{"rule": "", "msg": ""}]}))) == 3
	_wrong(set(), object.union(right, {"allow": false})) == {"allow", "present of what is denied"}
}

# outcomes returns what became of each rule.
outcomes(name) := {step.rule: step.outcome |
	decision := admission.decision with input as cases[name].input
	some step in decision.trace
}

test_only_the_pull_request_is_missed_where_it_cannot_be_read if {
	decision := admission.decision with input as cases["pull request not read"].input
	decision.denials == [{
		"rule": "facts_readable",
		"field": "coverage.pull_request",
		"msg": "reading pull_request: 403",
		"hint": "Give it.",
	}]
	outcomes("pull request not read").approved == "not_applicable"
}

test_a_fact_that_nobody_mentions_was_not_read if {
	decision := admission.decision with input as json.remove(base, ["coverage/pushes"])
	decision.denials == [{
		"rule": "facts_readable",
		"field": "coverage.pushes",
		"msg": "pushes was not read",
		"hint": "Run it again.",
	}]
}

test_what_rests_on_an_unread_fact_is_not_passed if {
	outcome := outcomes("settings not read")
	every rule in ["approved", "window_ceiling", "freeze", "branch_rules", "approval_by_team", "approval_fresh"] {
		outcome[rule] == "not_applicable"
	}
	outcome.not_draft == "pass"
}

package admission_test

import data.admission

_freeze(from, to) := {"freezes": [{"from": from, "to": to, "reason": "end of the year"}]}

_frozen := _freeze("2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z")

_emergency(patch) := object.union(
	{
		"request": {"break_glass": "payroll stands still", "window_seconds": 600},
		"reviews": [
			review(1, "grace", "APPROVED", "aaa", "2030-01-01T11:55:00Z"),
			review(2, "ada", "APPROVED", "aaa", "2030-01-01T11:56:00Z"),
		],
	},
	patch,
)

_request_cases := {
	"window at the ceiling": [{"request": {"window_seconds": 1800}}, set()],
	"window over the ceiling": [{"request": {"window_seconds": 1801}}, {"window_ceiling"}],
	"no window": [{"request": {"window_seconds": 0}}, {"window_ceiling"}],
	"role not allowed": [{"settings": {"elevation_role_allowed": false}}, {"elevation_role"}],
	"not a service account": [{"settings": {"service_account": false}}, {"service_account"}],
	"by its id where the login decides": [{"settings": {"approvals_known": false}}, {"account_by_login"}],
	"a role with forbidden permissions": [{"settings": {"forbidden": ["okta.users.manage"]}}, {"role_permissions"}],
	"permissions not read": [_unread(["permissions"]), {"facts_readable"}],
	"no reason": [{"request": {"reason": " "}}, {"request_complete"}],
	"no ticket": [{"request": {"ticket": ""}}, {"request_complete"}],
	"in a freeze": [{"settings": _frozen}, {"freeze"}],
	"before a freeze": [{"settings": _freeze("2030-01-01T12:00:01Z", "2030-01-02T00:00:00Z")}, set()],
	"as a freeze begins": [{"settings": _freeze("2030-01-01T12:00:00Z", "2030-01-02T00:00:00Z")}, {"freeze"}],
	"as a freeze ends": [{"settings": _freeze("2029-12-31T00:00:00Z", "2030-01-01T12:00:00Z")}, set()],
	"a freeze without times": [{"settings": _freeze("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z")}, {"freeze"}],
	"emergency": [_emergency({}), set()],
	"emergency in a freeze": [_emergency({"settings": _frozen}), set()],
	"emergency with one approval": [_emergency({"reviews": base.reviews}), {"approved"}],
	"emergency with one approval more than three": [_emergency({"settings": {"approvals": 3}}), {"approved"}],
	"emergency that is not allowed": [_emergency({"settings": {"break_glass_allowed": false}}), {"break_glass"}],
	"emergency with too long a window": [_emergency({"request": {"window_seconds": 601}}), {"break_glass"}],
	"emergency with nobody there": [
		_emergency({"settings": {"presence_seconds": 60}}),
		{"presence"},
	],
	"no emergency, and none is allowed": [{"settings": {"break_glass_allowed": false}}, set()],
}

# denials returns what denies a case.
denials(name) := decision.denials if decision := admission.decision with input as cases[name].input

test_a_freeze_says_its_reason if {
	some denial in denials("in a freeze")
	contains(denial.msg, "end of the year")
}

test_an_emergency_says_how_many_approvals_count if {
	some denial in denials("emergency with one approval more than three")
	denial.msg == "2 of the 4 approvals that are needed count"
}

# Ends: a manifest is removed, and what it declares is taken away.

_end(patch) := object.union(
	{
		"action": "end",
		"files": [{"path": "access/alpha.yaml", "status": "removed"}],
		"manifest": {"default_sha256": "m1"},
	},
	patch,
)

_end_cases := {
	"end": [_end({}), set()],
	"end in a freeze, of more than is allowed, by the clock, with nobody there": [
		_end({
			"trigger": "schedule",
			"request": {"window_seconds": 9999, "break_glass": "x"},
			"settings": object.union(_frozen, {
				"elevation_role_allowed": false,
				"break_glass_allowed": false,
				"presence_seconds": 1,
			}),
			"coverage": {"comments": {"read": false, "msg": "403", "hint": "Give it."}},
		}),
		set(),
	],
	"end without approval": [_end({"reviews": []}), {"approved"}],
	"end of what is merged": [
		_end({"pull_request": {"state": "closed", "merged": true}, "manifest": {"default_sha256": ""}}),
		set(),
	],
	"end of what is merged and there again": [
		_end({"pull_request": {"state": "closed", "merged": true}}),
		{"merged_manifest"},
	],
	"end that adds": [_end({"files": base.files}), {"only_a_manifest"}],
	"end with another file": [
		_end({"files": [{"path": "access/alpha.yaml", "status": "removed"}, {"path": "README.md", "status": "modified"}]}),
		{"one_manifest", "only_a_manifest"},
	],
}

test_an_end_has_no_window if {
	outcome := outcomes("end")
	every rule in ["service_account", "role_permissions", "window_ceiling", "elevation_role", "break_glass", "freeze", "scheduled", "presence"] {
		outcome[rule] == "not_applicable"
	}
}

package audit.residual_elevation_test

import data.audit.residual_elevation as control
import data.lib.fixture_test as fixture

_elevated := {"assignments": {"a|RO": fixture.assignment("a", "USER", "READ_ONLY_ADMIN")}}

_lease := {"leases": {"L1": fixture.lease("L1", "a", "svc-a@acme.example")}}

_lease_with(patch) := object.union(_lease, {"leases": {"L1": patch}})

_via_group := {
	"group_members": {"g": ["a", "ada"]},
	"assignments": {"g|UA": fixture.assignment("g", "GROUP", "USER_ADMIN")},
}

_inherited := object.union(fixture.assignment("a", "USER", "USER_ADMIN"), {"via_group_id": "g"})

_past := {"ends_at": "2029-12-31T23:00:00Z"}

# The declared role, widened.
_widened := {"forbidden_permissions": {"cr1": ["okta.users.apitokens.manage", "okta.users.manage"]}}

# Another custom role, and one of whose permissions nothing is known.
_writes := {"forbidden_permissions": {"cr2": ["okta.users.manage"]}}

_holds(role) := {"assignments": {"x": fixture.custom("a", "USER", role, "iam2")}}

_bound(role, principal, kind) := {"bindings": {$"iam2|{role}": {
	"resource_set_id": "iam2",
	"custom_role_id": role,
	"members": [{"id": "irb2", "principal_id": principal, "principal_kind": kind}],
}}}

_workflows := object.union(_bound("WORKFLOWS_ADMIN", "a", "USER"), {"custom_roles": {"WORKFLOWS_ADMIN": {
	"id": "WORKFLOWS_ADMIN",
	"label": "Workflows Administrator",
	"permissions": [],
}}})

_held_workflows := object.union(fixture.assignment("a", "USER", "WORKFLOWS_ADMIN"), {"resource_set_id": "iam2"})

_known_workflows := object.union(fixture.params, {"known_roles": array.concat(fixture.params.known_roles, ["WORKFLOWS_ADMIN"])})

_future := {"opened_at": "2030-01-01T00:05:01Z", "ends_at": "2030-01-01T00:20:01Z"}

_undeclared := object.union(
	json.remove(fixture.org, ["/declared/a", "/service_accounts/a"]),
	{"users": {"b": fixture.user("b", "b@acme.example")}},
)

cases := {name: {"input": object.union(base, patch), "want": want} |
	some name, [base, patch, want] in {
		"nothing wrong": [fixture.org, {}, set()],
		"a person's role is not looked at": [fixture.org, {"assignments": {"p": fixture.assignment("ada", "USER", "USER_ADMIN")}}, set()],
		"left over": [fixture.org, _elevated, {["svc-a@acme.example", "READ_ONLY_ADMIN|||"]}],
		"open lease": [fixture.org, object.union(_elevated, _lease), set()],
		"open lease of another role": [
			fixture.org,
			object.union({"assignments": {"x": fixture.assignment("a", "USER", "USER_ADMIN")}}, _lease),
			{["svc-a@acme.example", "USER_ADMIN|||"]},
		],
		"lease at its end": [
			fixture.org,
			object.union(_elevated, _lease_with({"ends_at": "2030-01-01T00:00:00Z"})),
			{["svc-a@acme.example", "READ_ONLY_ADMIN|||"], ["svc-a@acme.example", "open"]},
		],
		"lease past its end, role gone": [fixture.org, _lease_with(_past), {["svc-a@acme.example", "open"]}],
		"lease stuck, role gone": [fixture.org, _lease_with({"state": "stuck"}), {["svc-a@acme.example", "open"]}],
		"lease closed, past its end": [fixture.org, _lease_with(object.union(_past, {"state": "closed", "open": false})), set()],
		"through a group, by membership alone": [fixture.org, _via_group, {["svc-a@acme.example", "USER_ADMIN|||g"]}],
		"through a group, from both sources once": [
			fixture.org,
			object.union(_via_group, {"assignments": {"a|UA|g": _inherited}}),
			{["svc-a@acme.example", "USER_ADMIN|||g"]},
		],
		"through a group, by its own list alone": [
			fixture.org,
			{"assignments": {"a|UA|g": _inherited}},
			{["svc-a@acme.example", "USER_ADMIN|||g"]},
		],
		"directly and through a group": [
			fixture.org,
			object.union(_via_group, {"assignments": {"x": fixture.assignment("a", "USER", "USER_ADMIN")}}),
			{["svc-a@acme.example", "USER_ADMIN|||"], ["svc-a@acme.example", "USER_ADMIN|||g"]},
		],
		"the leased role through a group": [
			fixture.org,
			object.union(_lease, {
				"group_members": {"g": ["a"]},
				"assignments": {"g|RO": fixture.assignment("g", "GROUP", "READ_ONLY_ADMIN")},
			}),
			{["svc-a@acme.example", "READ_ONLY_ADMIN|||g"]},
		],
		"unknown type": [
			fixture.org,
			{"assignments": {"x": fixture.assignment("a", "USER", "AI_AGENT_ADMIN")}},
			{["svc-a@acme.example", "AI_AGENT_ADMIN|||"]},
		],
		"unknown kind of principal": [
			fixture.org,
			{"assignments": {"x": fixture.assignment("a", "ROBOT", "READ_ONLY_ADMIN")}},
			{["svc-a@acme.example", "READ_ONLY_ADMIN|||"]},
		],
		"harmless standard role": [fixture.org, {"assignments": {"x": fixture.assignment("a", "USER", "APP_ADMIN")}}, set()],
		"declared elevation role that cannot create tokens": [
			fixture.org,
			{"assignments": {"x": fixture.assignment("a", "USER", "APP_ADMIN")}, "declared": {"a": {"elevation_role": "APP_ADMIN"}}},
			{["svc-a@acme.example", "APP_ADMIN|||"]},
		],
		"standard role bound to a set": [
			fixture.org,
			{"assignments": {"x": object.union(fixture.assignment("a", "USER", "WORKFLOWS_ADMIN"), {"resource_set_id": "iam1"})}},
			{["svc-a@acme.example", "WORKFLOWS_ADMIN||iam1|"]},
		],
		"temporary custom role of a closed downgrade": [
			fixture.org,
			object.union(
				{"assignments": {"x": fixture.custom("a", "USER", "cr2", "iam2")}},
				_lease_with({
					"kind": "downgrade",
					"state": "closed",
					"open": false,
					"temporary": [{"type": "CUSTOM", "custom_role": "cr2", "resource_set": "iam2"}],
				}),
			),
			{["svc-a@acme.example", "CUSTOM|cr2|iam2|"]},
		],
		"the intended role was once taken away": [
			fixture.org,
			_lease_with({
				"state": "closed",
				"open": false,
				"temporary": [{"type": "CUSTOM", "custom_role": "cr1", "resource_set": "iam1"}],
			}),
			set(),
		],
		"custom role without a forbidden permission": [fixture.org, _holds("cr2"), set()],
		"declared role widened": [fixture.org, _widened, {["svc-a@acme.example", "CUSTOM|cr1|iam1|"]}],
		"declared role widened, of an account without a token": [
			json.remove(fixture.org, ["/tokens/t1"]),
			_widened,
			{["svc-a@acme.example", "CUSTOM|cr1|iam1|"]},
		],
		"declared role of unknown permissions": [
			json.remove(fixture.org, ["/forbidden_permissions/cr1"]),
			{},
			{["svc-a@acme.example", "CUSTOM|cr1|iam1|"]},
		],
		"custom role with a forbidden permission, declared by nobody": [
			json.remove(fixture.org, ["/declared/a"]),
			object.union(_writes, _holds("cr2")),
			{["svc-a@acme.example", "CUSTOM|cr2|iam2|"]},
		],
		"custom role that the org does not list": [fixture.org, _holds("cr9"), {["svc-a@acme.example", "CUSTOM|cr9|iam2|"]}],
		"custom role with a forbidden permission, through a group": [
			fixture.org,
			object.union(_writes, {"group_members": {"g": ["a"]}, "assignments": {"x": fixture.custom("g", "GROUP", "cr2", "iam2")}}),
			{["svc-a@acme.example", "CUSTOM|cr2|iam2|g"]},
		],
		"custom role with a forbidden permission, by a binding alone": [
			fixture.org,
			object.union(_writes, _bound("cr2", "a", "USER")),
			{["svc-a@acme.example", "CUSTOM|cr2|iam2|"]},
		],
		"custom role with a forbidden permission, by a group's binding alone": [
			fixture.org,
			object.union(_writes, object.union(_bound("cr2", "g", "GROUP"), {"group_members": {"g": ["a"]}})),
			{["svc-a@acme.example", "CUSTOM|cr2|iam2|g"]},
		],
		"custom role with a forbidden permission, from all sources once": [
			fixture.org,
			object.union(_writes, object.union(_bound("cr2", "a", "USER"), _holds("cr2"))),
			{["svc-a@acme.example", "CUSTOM|cr2|iam2|"]},
		],
		"custom role with a forbidden permission, of a person": [
			fixture.org,
			object.union(_writes, {"assignments": {"x": fixture.custom("ada", "USER", "cr2", "iam2")}}),
			set(),
		],
		"custom role with a forbidden permission, under an open lease": [
			fixture.org,
			object.union(
				object.union(_writes, _holds("cr2")),
				_lease_with({"temporary": [{"type": "CUSTOM", "custom_role": "cr2", "resource_set": "iam2"}]}),
			),
			set(),
		],
		"Okta's own role, bound under its type": [
			fixture.org,
			object.union(_workflows, {"assignments": {"x": _held_workflows}}),
			{["svc-a@acme.example", "WORKFLOWS_ADMIN||iam2|"]},
		],
		"Okta's own role, shown by its binding alone": [
			fixture.org,
			_workflows,
			{["svc-a@acme.example", "CUSTOM|WORKFLOWS_ADMIN|iam2|"]},
		],
		"Okta's own role, held through a group, bound to the account": [
			fixture.org,
			object.union(_workflows, {"assignments": {"x": object.union(_held_workflows, {"via_group_id": "g"})}}),
			{["svc-a@acme.example", "CUSTOM|WORKFLOWS_ADMIN|iam2|"], ["svc-a@acme.example", "WORKFLOWS_ADMIN||iam2|g"]},
		],
		"lease opened as far ahead as clocks may differ": [
			fixture.org,
			object.union(_elevated, _lease_with({"opened_at": "2030-01-01T00:05:00Z"})),
			set(),
		],
		"lease of a clock that ran ahead": [
			fixture.org,
			object.union(_elevated, _lease_with(_future)),
			{["svc-a@acme.example", "READ_ONLY_ADMIN|||"], ["svc-a@acme.example", "open"]},
		],
		"lease of a clock that ran ahead, role gone": [fixture.org, _lease_with(_future), {["svc-a@acme.example", "open"]}],
		"lease of a clock that ran ahead, closed": [
			fixture.org,
			_lease_with(object.union(_future, {"state": "closed", "open": false})),
			set(),
		],
		"lease of the longest window": [
			fixture.org,
			object.union(_elevated, _lease_with({"opened_at": "2029-12-31T23:00:00Z", "ends_at": "2030-01-01T07:00:00Z"})),
			set(),
		],
		"lease longer than any manifest may ask for": [
			fixture.org,
			object.union(_elevated, _lease_with({"opened_at": "2029-12-31T23:00:00Z", "ends_at": "2030-01-01T07:00:01Z"})),
			{["svc-a@acme.example", "READ_ONLY_ADMIN|||"], ["svc-a@acme.example", "open"]},
		],
		"lease without an end": [
			fixture.org,
			object.union(_elevated, _lease_with({"ends_at": "0001-01-01T00:00:00Z"})),
			{["svc-a@acme.example", "READ_ONLY_ADMIN|||"], ["svc-a@acme.example", "open"]},
		],
		"lease without an end, closed": [
			fixture.org,
			_lease_with({"ends_at": "0001-01-01T00:00:00Z", "state": "closed", "open": false}),
			set(),
		],
		"declared, not matching the settings": [
			json.remove(fixture.org, ["/service_accounts/a"]),
			_elevated,
			{["svc-a@acme.example", "READ_ONLY_ADMIN|||"]},
		],
		"not declared, matching the settings": [
			json.remove(fixture.org, ["/declared/a"]),
			_elevated,
			{["svc-a@acme.example", "READ_ONLY_ADMIN|||"]},
		],
		"known by a lease alone": [
			_undeclared,
			{
				"assignments": {"b|RO": fixture.assignment("b", "USER", "READ_ONLY_ADMIN")},
				"leases": {"L2": object.union(fixture.lease("L2", "b", "b@acme.example"), {"open": false, "state": "closed"})},
			},
			{["b@acme.example", "READ_ONLY_ADMIN|||"]},
		],
		"in no scope": [_undeclared, _elevated, set()],
	}
}

test_findings[name] if {
	some name, case in cases
	got := {[f.resource.name, f.discriminator] |
		some f in control.findings with input as case.input with data.params as fixture.params
	}
	got == case.want
}

test_finding_names_control_group_and_reason if {
	findings := control.findings with input as cases["through a group, by membership alone"].input
		with data.params as fixture.params
	some f in findings
	f.control == "OKTA-ELV-001"
	f.resource == {"kind": "user", "id": "a", "name": "svc-a@acme.example"}
	f.evidence.via_group == "Tier 2"
	count(f.evidence.reasons) == 1
	contains(f.msg, "Tier 2")
}

_messages(name) := {f.msg | some f in findings} if {
	case := cases[name]
	findings := control.findings with input as case.input with data.params as fixture.params
}

test_role_of_a_stuck_lease_names_that_lease_alone if {
	old := object.union(fixture.lease("L0", "a", "svc-a@acme.example"), {"state": "undone", "open": false, "opened_at": "2029-12-01T00:00:00Z"})
	input_ := object.union(
		fixture.org,
		object.union(_elevated, object.union(_lease_with({"state": "stuck"}), {"leases": {"L0": old}})),
	)
	findings := control.findings with input as input_ with data.params as fixture.params
	reasons := {reason | some f in findings; some reason in f.evidence.reasons; contains(reason, "the lease")}
	reasons == {"the lease L1 was to take it away"}
}

test_widened_declared_role_says_so if {
	_messages("declared role widened") == {concat(" ", [
		"svc-a@acme.example holds the custom role \"Reader\" on \"Some\" directly:",
		"the declared role itself permits okta.users.apitokens.manage, okta.users.manage, which the settings forbid",
	])}
}

test_declared_role_of_unknown_permissions_says_so if {
	some message in _messages("declared role of unknown permissions")
	contains(message, "what the declared role itself permits is not known")
}

test_role_that_is_not_declared_is_not_called_so if {
	some message in _messages("custom role with a forbidden permission, declared by nobody")
	contains(message, "directly: the role permits okta.users.manage, which the settings forbid")
}

test_okta_s_own_role_is_judged_by_its_type if {
	case := cases["Okta's own role, bound under its type"]
	findings := control.findings with input as case.input with data.params as _known_workflows
	findings == set()
}

test_each_fault_of_a_lease_is_said if {
	input_ := object.union(fixture.org, _lease_with(object.union(_future, {"state": "stuck"})))
	findings := control.findings with input as input_ with data.params as fixture.params
	{f.msg | some f in findings} == {concat(" ", [
		"the lease L1 of svc-a@acme.example is stuck;",
		"it was opened at 2030-01-01T00:05:01Z, later than this snapshot, 2030-01-01T00:00:00Z:",
		"nothing proves that its temporary role is gone",
	])}
	{f.evidence.opened_at | some f in findings} == {"2030-01-01T00:05:01Z"}
}

test_bound_standard_role_names_its_set if {
	findings := control.findings with input as cases["standard role bound to a set"].input with data.params as fixture.params
	some f in findings
	contains(f.msg, "WORKFLOWS_ADMIN on \"Some\" directly")
}

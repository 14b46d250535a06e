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

test_bound_standard_role_names_its_set if {
	findings := control.findings with input as cases["standard role bound to a set"].input with data.params as fixture.params
	some f in findings
	contains(f.msg, "WORKFLOWS_ADMIN on \"Some\" directly")
}

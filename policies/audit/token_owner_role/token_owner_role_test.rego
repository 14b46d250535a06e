package audit.token_owner_role_test

import data.audit.token_owner_role as control
import data.lib.fixture_test as fixture

_own := {"assignments": {"a|CUSTOM": {"resource_set_id": "iam2"}}}

_elevated := {"assignments": {"a|RO": fixture.assignment("a", "USER", "READ_ONLY_ADMIN")}}

_lease := {"leases": {"L1": fixture.lease("L1", "a", "svc-a@acme.example")}}

_group_binding := {
	"group_members": {"g": ["a"]},
	"bindings": {"iam2|cr2": {
		"resource_set_id": "iam2",
		"custom_role_id": "cr2",
		"members": [{"id": "irb2", "principal_id": "g", "principal_kind": "GROUP"}],
	}},
}

_unknown_role := {"declared": {"a": {
	"custom_role": "Raeder",
	"custom_role_id": "",
	"problems": [{"code": "custom_role", "msg": "the org has no custom role \"Raeder\""}],
}}}

_unknown_set := {"declared": {"a": {
	"resource_set_id": "",
	"problems": [{"code": "resource_set", "msg": "the org has no resource set \"Some\""}],
}}}

_nobody := {"declared": {"unresolved:nobody@acme.example": object.union(
	fixture.declaration("", "nobody@acme.example"),
	{"problems": [{"code": "account", "msg": "the org has no such account"}]},
)}}

cases := {name: {"input": object.union(base, patch), "want": want} |
	some name, [base, patch, want] in {
		"nothing wrong": [fixture.org, {}, set()],
		"other resource set": [
			fixture.org,
			_own,
			{["a", "missing|CUSTOM|cr1|iam1|"], ["a", "extra|CUSTOM|cr1|iam2|"]},
		],
		"standard role beside it": [fixture.org, _elevated, {["a", "extra|READ_ONLY_ADMIN|||"]}],
		"standard role under an open lease": [fixture.org, object.union(_elevated, _lease), set()],
		"standard role under a lease of a clock that ran ahead": [
			fixture.org,
			object.union(_elevated, {"leases": {"L1": object.union(
				_lease.leases.L1,
				{"opened_at": "2030-01-01T00:05:01Z", "ends_at": "2030-01-01T00:20:01Z"},
			)}}),
			{["a", "extra|READ_ONLY_ADMIN|||"]},
		],
		"intended role through a group only": [
			json.remove(fixture.org, ["/assignments/a|CUSTOM", "/bindings/iam1|cr1"]),
			{"group_members": {"g": ["a"]}, "assignments": {"g|CUSTOM": fixture.custom("g", "GROUP", "cr1", "iam1")}},
			{["a", "missing|CUSTOM|cr1|iam1|"], ["a", "extra|CUSTOM|cr1|iam1|g"]},
		],
		"role of a group's binding that no list shows": [fixture.org, _group_binding, {["a", "extra|CUSTOM|cr2|iam2|g"]}],
		"no token, so no owner": [json.remove(fixture.org, ["/tokens/t1"]), _elevated, set()],
		"an agent's token only": [fixture.org, object.union(_elevated, {"tokens": {"t1": {"client_name": "Okta AD agent"}}}), set()],
		"a token of an agent that nobody accepted": [
			fixture.org,
			object.union(_elevated, {"tokens": {"t1": {"client_name": "Okta LDAP agent"}}}),
			{["a", "extra|READ_ONLY_ADMIN|||"]},
		],
		"no role at all": [
			json.remove(fixture.org, ["/assignments/a|CUSTOM", "/bindings/iam1|cr1"]),
			{},
			{["a", "missing|CUSTOM|cr1|iam1|"]},
		],
		"custom role unknown to the org": [fixture.org, _unknown_role, {["a", "custom_role"], ["a", "extra|CUSTOM|cr1|iam1|"]}],
		"resource set unknown to the org": [fixture.org, _unknown_set, {["a", "resource_set"], ["a", "extra|CUSTOM|cr1|iam1|"]}],
		"account unknown to the org": [fixture.org, _nobody, {["unresolved:nobody@acme.example", "account"]}],
	}
}

test_findings[name] if {
	some name, case in cases
	got := {[f.resource.id, f.discriminator] |
		some f in control.findings with input as case.input with data.params as fixture.params
	}
	got == case.want
}

test_finding_names_control_and_both_roles if {
	findings := control.findings with input as cases["other resource set"].input with data.params as fixture.params
	some f in findings
	f.control == "OKTA-TOK-001"
	startswith(f.discriminator, "extra|")
	contains(f.msg, "\"Reader\" on \"All\"")
	contains(f.msg, "\"Reader\" on \"Some\"")
	f.evidence.source == {"file": "access/alpha.yaml", "line": 1}
}

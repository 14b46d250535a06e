package audit.service_app_role_test

import data.audit.service_app_role as control
import data.lib.fixture_test as fixture

_held(assignment) := {"assignments": {"x": assignment}}

_bound(client, role, set) := {"bindings": {"b": {
	"resource_set_id": set,
	"custom_role_id": role,
	"members": [{"id": "irb1", "principal_id": client, "principal_kind": "CLIENT"}],
}}}

cases := {name: {"input": object.union(fixture.org, patch), "want": want} |
	some name, [patch, want] in {
		"accepted": [{}, set()],
		"another standard role": [_held(fixture.assignment("0oa1", "CLIENT", "USER_ADMIN")), {"0oa1 USER_ADMIN|||"}],
		"another app": [_held(fixture.assignment("0oa2", "CLIENT", "SUPER_ADMIN")), {"0oa2 SUPER_ADMIN|||"}],
		"an app of the accepted one's label": [
			object.union(
				_held(fixture.assignment("0oa2", "CLIENT", "SUPER_ADMIN")),
				{"apps": {"0oa2": {"id": "0oa2", "label": "stepdown", "type": "service"}}},
			),
			{"0oa2 SUPER_ADMIN|||"},
		],
		"a role of an unknown type": [_held(fixture.assignment("0oa1", "CLIENT", "NEW_ADMIN")), {"0oa1 NEW_ADMIN|||"}],
		"a user's role": [_held(fixture.assignment("0oa2", "USER", "SUPER_ADMIN")), set()],
		"a group's role": [_held(fixture.assignment("0oa2", "GROUP", "SUPER_ADMIN")), set()],
		"custom role by label and set by id": [_held(fixture.custom("0oa1", "CLIENT", "cr1", "iam1")), set()],
		"custom role by id and set by label": [_held(fixture.custom("0oa3", "CLIENT", "cr2", "iam2")), set()],
		"custom role on another set": [_held(fixture.custom("0oa1", "CLIENT", "cr1", "iam2")), {"0oa1 CUSTOM|cr1|iam2|"}],
		"another custom role": [_held(fixture.custom("0oa1", "CLIENT", "cr2", "iam1")), {"0oa1 CUSTOM|cr2|iam1|"}],
		"what only a binding shows": [_bound("0oa2", "cr1", "iam1"), {"0oa2 CUSTOM|cr1|iam1|"}],
		"what a binding shows is accepted too": [_bound("0oa1", "cr1", "iam1"), set()],
		"a role of Okta's own, bound under its type": [
			object.union(
				_held(fixture.assignment("0oa2", "CLIENT", "WORKFLOWS_ADMIN")),
				_bound("0oa2", "WORKFLOWS_ADMIN", "WORKFLOWS_IAM_POLICY"),
			),
			{"0oa2 WORKFLOWS_ADMIN|||"},
		],
	}
}

test_findings[name] if {
	some name, case in cases
	got := {$"{f.resource.id} {f.discriminator}" |
		some f in control.findings with input as case.input with data.params as fixture.params
	}
	got == case.want
}

test_finding_names_the_app if {
	found := control.findings with input as cases["a role of an unknown type"].input with data.params as fixture.params
	some f in found
	f.control == "OKTA-APP-001"
	f.resource == {"kind": "app", "id": "0oa1", "name": "stepdown"}
	contains(f.msg, "NEW_ADMIN")
}

package audit.unmanaged_token_test

import data.audit.unmanaged_token as control
import data.lib.fixture_test as fixture

_with(token) := {"tokens": {token.id: token}}

_leased(patch) := object.union(
	_with(fixture.token("t2", "beta", "ada")),
	{"leases": {"L1": object.union(fixture.lease("L1", "ada", "ada@acme.example"), object.union({"token_name": "beta"}, patch))}},
)

cases := {name: {"input": object.union(fixture.org, patch), "want": want} |
	some name, [patch, want] in {
		"declared": [{}, set()],
		"declared name, other owner": [_with(fixture.token("t2", "alpha", "ada")), {"t2"}],
		"other name": [_with(fixture.token("t2", "test, delete me", "a")), {"t2"}],
		"known, whatever the case of the login": [_with(fixture.token("t2", "stepdown", "ada")), set()],
		"known name, other owner": [_with(fixture.token("t2", "stepdown", "a")), {"t2"}],
		"agent": [_with(object.union(fixture.token("t2", "ad", "ada"), {"client_name": "Okta AD agent"})), set()],
		"agent that nobody accepted": [_with(object.union(fixture.token("t2", "ad", "ada"), {"client_name": "Okta LDAP agent"})), {"t2"}],
		"a person's, and the settings name its client": [_with(fixture.token("t2", "beta", "a")), {"t2"}],
		"without owner": [_with(fixture.token("t2", "alpha", "")), {"t2"}],
		"owner not in the org": [_with(fixture.token("t2", "alpha", "ghost")), {"t2"}],
		"two of the declared name": [_with(fixture.token("t2", "alpha", "a")), {"t1", "t2"}],
		"an agent's namesake does not count": [_with(object.union(fixture.token("t2", "alpha", "a"), {"client_name": "Okta AD agent"})), set()],
		"expected by an open lease": [_leased({}), set()],
		"expected by a lease past its end": [_leased({"ends_at": "2029-01-01T00:00:00Z"}), {"t2"}],
		"expected by a lease of a clock that ran ahead": [
			_leased({"opened_at": "2030-01-01T00:05:01Z", "ends_at": "2030-01-01T00:20:01Z"}),
			{"t2"},
		],
		"expected by a lease longer than any manifest may ask for": [_leased({"ends_at": "2030-01-01T07:55:01Z"}), {"t2"}],
		"of another name than the lease expects": [_leased({"token_name": "gamma"}), {"t2"}],
	}
}

test_findings[name] if {
	some name, case in cases
	got := {f.resource.id |
		some f in control.findings with input as case.input with data.params as fixture.params
	}
	got == case.want
}

test_finding_names_control_and_owner if {
	findings := control.findings with input as cases["other name"].input with data.params as fixture.params
	some f in findings
	f.control == "OKTA-TOK-002"
	f.resource == {"kind": "token", "id": "t2", "name": "test, delete me"}
	f.evidence.owner == "svc-a@acme.example"
}

test_namesakes_say_how_many if {
	findings := control.findings with input as cases["two of the declared name"].input with data.params as fixture.params
	every f in findings {
		contains(f.msg, "one of 2")
	}
}

package lib.tokens_test

import data.lib.fixture_test as fixture
import data.lib.tokens

_tokens(client) := {"t": object.union(fixture.token("t", "alpha", "a"), {"client_name": client})}

_ids(client, agents) := {token.id |
	some token in tokens.looked_at with input.tokens as _tokens(client) with data.params.agent_clients as agents
}

test_a_named_agent_is_not_looked_at if _ids("Okta AD agent", ["Okta AD agent"]) == set()

test_looked_at[client] if {
	some client in ["Okta API", "Okta LDAP agent", "okta ad agent", ""]
	_ids(client, ["Okta AD agent"]) == {"t"}
}

test_what_people_made_is_never_an_agents if _ids("Okta API", ["Okta AD agent", "Okta API"]) == {"t"}

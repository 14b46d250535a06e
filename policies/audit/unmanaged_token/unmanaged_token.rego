# METADATA
# title: API tokens that nobody declared
# description: >-
#   Every API token is declared for its owner by name, or accepted by name in the settings, or belongs to an agent of
#   Okta's that the settings name; and no owner has two tokens of one name.
# scope: package
# schemas:
#   - input: schema.snapshot
#   - data.params: schema.params
# related_resources:
#   - ref: https://help.okta.com/en-us/content/topics/security/api.htm
#     description: API token management
# custom:
#   id: OKTA-TOK-002
#   severity: medium
#   remediation: >-
#     Find out who uses the token: its owner's events in the System Log tell. Declare it by a pull request that adds a
#     TokenOwner, or revoke it in the Admin Console under Security, API, Tokens.
#   requires: [leases, tokens, users]
#   frameworks:
#     nist_800_53: [AC-2, IA-4, IA-9]
#     soc2: [CC6.1]
#     iso_27001: [A.5.16]
#     pci_dss: [8.2.2, 8.6.1]
#     stig: [OKTA-APP-003241]
package audit.unmanaged_token

import data.lib.assignments
import data.lib.finding
import data.lib.leases
import data.lib.tokens

# METADATA
# description: one finding for each token that is not accounted for
findings contains result if {
	some token in tokens.looked_at
	why := _why(token)

	owner := assignments.login(token.user_id)
	result := finding.new(
		rego.metadata.chain(),
		{"kind": "token", "id": token.id, "name": token.name},
		"",
		$"the API token \"{token.name}\" {why}",
		{
			"token": token.id,
			"name": token.name,
			"owner_id": token.user_id,
			"owner": owner,
			"client_name": token.client_name,
			"created": token.created,
			"network": token.network.connection,
		},
	)
}

_why(token) := "has no owner: Okta does not say whose rights it has" if token.user_id == ""

_why(token) := $"belongs to {token.user_id}, an account that the org does not list" if {
	token.user_id != ""
	not _known(token)
}

_why(token) := $"of {assignments.login(token.user_id)} is not declared" if {
	_known(token)
	not _accounted(token)
}

_why(token) := concat(" ", [
	$"of {assignments.login(token.user_id)} is one of {count(_namesakes(token))} of that name:",
	"which of them was declared cannot be told",
]) if {
	_known(token)
	_accounted(token)
	count(_namesakes(token)) > 1
}

_known(token) if input.users[token.user_id]

_accounted(token) if token.name in input.declared[token.user_id].token_names

_accounted(token) if {
	some known in data.params.known_tokens
	known.name == token.name
	lower(known.owner) == lower(assignments.login(token.user_id))
}

_accounted(token) if {
	some lease in leases.of_account[token.user_id]
	lease in leases.current
	lease.token_name == token.name
}

_namesakes(token) := _by_name[[token.user_id, token.name]]

_by_name := {key: ids |
	some one in tokens.looked_at
	key := [one.user_id, one.name]
	ids := {token.id |
		some token in tokens.looked_at
		key = [token.user_id, token.name] # unification lets OPA index the tokens by owner and name, once
	}
}

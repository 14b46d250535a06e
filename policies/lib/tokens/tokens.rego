# METADATA
# title: Tokens
# description: Which tokens the controls look at.
# scope: package
# schemas:
#   - input: schema.snapshot
#   - data.params: schema.params
package lib.tokens

# METADATA
# description: all tokens but those of the agents of Okta's that the settings name
looked_at contains token if {
	some token in input.tokens
	not _of_agent(token)
}

# "Okta API" is the client of every token that a person made. It is no agent, whatever the settings say.
_of_agent(token) if {
	token.client_name != "Okta API"
	token.client_name in data.params.agent_clients
}

# METADATA
# title: Token owners with other roles than the intended one
# description: >-
#   A declared account that owns an API token holds exactly its one declared custom role on its declared resource set,
#   directly, and nothing else; what it declares exists in the org.
# scope: package
# schemas:
#   - input: schema.snapshot
#   - data.params: schema.params
# related_resources:
#   - ref: https://support.okta.com/help/s/article/create-an-okta-api-token-for-a-restricted-administrator-role
#     description: a token has the roles that its owner has when the token is used
# custom:
#   id: OKTA-TOK-001
#   severity: high
#   remediation: >-
#     Run stepdown downgrade for the account, which brings it to its declared role. Where a role comes through a group, take
#     the account out of the group. Where the declaration is what is wrong, correct it by a pull request.
#   requires:
#     - users
#     - user_roles
#     - groups
#     - group_roles
#     - group_members
#     - custom_roles
#     - resource_sets
#     - bindings
#     - tokens
#     - leases
#   frameworks:
#     nist_800_53: [AC-6, AC-6(1), IA-5]
#     soc2: [CC6.1, CC6.3]
#     iso_27001: [A.5.15, A.5.17, A.8.2]
#     pci_dss: [7.2.2, 7.2.5]
#     stig: [OKTA-APP-003241]
package audit.token_owner_role

import data.lib.assignments
import data.lib.finding
import data.lib.leases
import data.lib.tokens

# METADATA
# description: one finding for each thing that a declaration names and the org does not have, or that it leaves open
findings contains result if {
	some key, declaration in input.declared
	some problem in declaration.problems

	result := finding.new(
		rego.metadata.chain(),
		{"kind": "declaration", "id": key, "name": declaration.name},
		problem.code,
		$"the declaration \"{declaration.name}\" of {declaration.account} cannot be checked: {problem.msg}",
		object.union(_declared(declaration), {"problem": problem.msg}),
	)
}

# METADATA
# description: one finding for each token owner that does not hold its intended role directly
findings contains result if {
	some declaration in _owners
	not _unresolved(declaration)
	intended := _intended(declaration)
	not intended in assignments.held

	result := finding.new(
		rego.metadata.chain(),
		{"kind": "user", "id": declaration.user_id, "name": assignments.login(declaration.user_id)},
		concat("|", ["missing", assignments.discriminator(intended)]),
		$"{assignments.login(declaration.user_id)} does not hold {assignments.role_text(intended)} directly, which it is to hold",
		object.union(_declared(declaration), {"missing": assignments.role_text(intended)}),
	)
}

# METADATA
# description: one finding for each path by which a token owner holds anything else
findings contains result if {
	some declaration in _owners
	some path in assignments.of_account[declaration.user_id]
	path != _intended(declaration)
	not leases.covers(path)

	result := finding.new(
		rego.metadata.chain(),
		{"kind": "user", "id": declaration.user_id, "name": assignments.login(declaration.user_id)},
		concat("|", ["extra", assignments.discriminator(path)]),
		concat(" ", [
			assignments.login(declaration.user_id),
			$"owns an API token and holds {assignments.role_text(path)} {assignments.via_text(path)},",
			$"which is not the declared custom role \"{declaration.custom_role}\" on \"{declaration.resource_set}\"",
		]),
		object.union(_declared(declaration), assignments.evidence(path)),
	)
}

# Accounts that are declared, are known to the org, and own a token that is not one of Okta's agents.
_owners contains declaration if {
	some token in tokens.looked_at
	declaration := input.declared[token.user_id]
}

# What is not known cannot be missing: the problem is the finding.
_unresolved(declaration) if declaration.custom_role_id == ""

_unresolved(declaration) if declaration.resource_set_id == ""

_intended(declaration) := {
	"account_id": declaration.user_id,
	"type": "CUSTOM",
	"custom_role_id": declaration.custom_role_id,
	"resource_set_id": declaration.resource_set_id,
	"via_group_id": "",
}

_declared(declaration) := {
	"declaration": declaration.name,
	"origin": declaration.origin,
	"source": declaration.source,
	"declared_custom_role": declaration.custom_role,
	"declared_custom_role_id": declaration.custom_role_id,
	"declared_resource_set": declaration.resource_set,
	"declared_resource_set_id": declaration.resource_set_id,
}

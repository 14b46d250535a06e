# METADATA
# title: Roles of service apps that nobody accepted
# description: >-
#   Every admin role that a service app holds, directly or as a member of a binding, is accepted for that app in the
#   settings: a standard role by its type, a custom role on its resource set.
# scope: package
# schemas:
#   - input: schema.snapshot
#   - data.params: schema.params
# related_resources:
#   - ref: https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/main/
#     description: service apps, their scopes and their roles
# custom:
#   id: OKTA-APP-001
#   severity: high
#   remediation: >-
#     Find out who uses the app: its events in the System Log tell. Accept the role in the settings under
#     audit.knownApps, by a pull request, or take it away in the Admin Console under Applications, the app, Admin roles.
#   requires: [apps, app_roles, bindings, custom_roles, resource_sets]
#   frameworks:
#     nist_800_53: [AC-2, AC-6(7), IA-9]
#     soc2: [CC6.1, CC6.3]
#     iso_27001: [A.5.16, A.8.2]
#     pci_dss: [7.2.5, 8.6.1]
#     stig: [OKTA-APP-003241]
package audit.service_app_role

import data.lib.assignments
import data.lib.finding

# METADATA
# description: one finding for each role of an app that is not accepted
findings contains result if {
	some role in _held
	not _accepted(role)

	name := object.get(input.apps, [role.account_id, "label"], role.account_id)
	result := finding.new(
		rego.metadata.chain(),
		{"kind": "app", "id": role.account_id, "name": name},
		assignments.discriminator(role),
		$"the service app \"{name}\" (client id {role.account_id}) holds {assignments.role_text(role)}, which nobody accepted",
		{
			"client": role.account_id,
			"app": name,
			"role_type": role.type,
			"custom_role_id": role.custom_role_id,
			"resource_set_id": role.resource_set_id,
		},
	)
}

_held contains role if {
	some assignment in input.assignments
	assignment.principal_kind == "CLIENT"
	role := {
		"account_id": assignment.principal_id,
		"type": assignment.type,
		"custom_role_id": assignment.custom_role_id,
		"resource_set_id": assignment.resource_set_id,
		"via_group_id": "",
	}
}

# Okta binds its own roles under their type; what the app's roles show under that type is the same role.
_held contains role if {
	some binding in input.bindings
	some member in binding.members
	member.principal_kind == "CLIENT"
	not _shown(member.principal_id, binding.custom_role_id)
	role := {
		"account_id": member.principal_id,
		"type": "CUSTOM",
		"custom_role_id": binding.custom_role_id,
		"resource_set_id": binding.resource_set_id,
		"via_group_id": "",
	}
}

_shown(client, type) if {
	some assignment in input.assignments
	assignment.principal_id == client
	assignment.type == type
}

_accepted(role) if {
	role.type != "CUSTOM"
	some known in data.params.known_apps
	known.client == role.account_id
	known.type == role.type
}

_accepted(role) if {
	role.type == "CUSTOM"
	some known in data.params.known_apps
	known.client == role.account_id
	known.custom_role in {role.custom_role_id, object.get(input.custom_roles, [role.custom_role_id, "label"], "")}
	known.resource_set in {role.resource_set_id, object.get(input.resource_sets, [role.resource_set_id, "label"], "")}
}

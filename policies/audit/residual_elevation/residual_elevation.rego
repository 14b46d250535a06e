# METADATA
# title: Residual elevated roles
# description: >-
#   A service account holds no role that can create API tokens, no temporary role and no role of an unknown type, directly
#   or through a group, outside an open lease that gives exactly that role; and no lease outlives its end.
# scope: package
# schemas:
#   - input: schema.snapshot
#   - data.params: schema.params
# related_resources:
#   - ref: https://support.okta.com/help/s/article/create-an-okta-api-token-for-a-restricted-administrator-role
#     description: Okta's procedure, whose last steps take the temporary role away
#   - ref: https://help.okta.com/en-us/content/topics/security/api.htm
#     description: which roles may create API tokens
# custom:
#   id: OKTA-ELV-001
#   severity: critical
#   remediation: >-
#     Run stepdown sweep for a lease that has outlived its end. Remove a role that no lease gave with stepdown downgrade, or
#     take the account out of the group that the role comes through; then find out in the System Log who gave it and what was
#     done with it.
#   requires: [users, user_roles, groups, group_roles, group_members, leases]
#   frameworks:
#     nist_800_53: [AC-2, AC-6(7), CA-7, CM-6]
#     soc2: [CC4.1, CC6.3, CC7.1]
#     iso_27001: [A.5.18, A.5.36, A.8.2]
#     pci_dss: [7.2.4, 7.2.5.1]
#     stig: [OKTA-APP-003241]
package audit.residual_elevation

import data.lib.assignments
import data.lib.finding
import data.lib.leases

# METADATA
# description: one finding for each path by which an account in scope holds such a role
findings contains result if {
	some path in assignments.held
	path.account_id in _accounts
	not _intended(path)
	not leases.covers(path)
	reasons := _reasons(path)
	count(reasons) > 0

	login := assignments.login(path.account_id)
	why := concat("; ", sort(reasons))
	result := finding.new(
		rego.metadata.chain(),
		{"kind": "user", "id": path.account_id, "name": login},
		assignments.discriminator(path),
		$"{login} holds {assignments.role_text(path)} {assignments.via_text(path)}: {why}",
		object.union(assignments.evidence(path), {"reasons": sort(reasons)}),
	)
}

# METADATA
# description: one finding for each lease that should be over and is not, even where the role is gone
findings contains result if {
	some lease in input.leases
	lease.open
	state := _overdue(lease)

	result := finding.new(
		rego.metadata.chain(),
		{"kind": "lease", "id": lease.id, "name": lease.login},
		"open",
		$"the lease {lease.id} of {lease.login} {state}: nothing proves that its temporary role is gone",
		{
			"lease": lease.id,
			"account_id": lease.account_id,
			"state": lease.state,
			"ends_at": lease.ends_at,
			"pull_request": lease.pull_request,
			"temporary": [role.type | some role in lease.temporary],
		},
	)
}

_overdue(lease) := "is stuck" if lease.state == "stuck"

_overdue(lease) := $"is open ({lease.state}) past its end, {lease.ends_at}" if {
	lease.state != "stuck"
	leases.past_end(lease)
}

_accounts contains declaration.user_id if some declaration in input.declared

_accounts contains user_id if some user_id, _ in input.service_accounts

_accounts contains lease.account_id if some lease in input.leases

# The one custom role that the account is to keep is not residue, whatever a lease of long ago took away.
_intended(path) if {
	path.type == "CUSTOM"
	path.via_group_id == ""
	declaration := input.declared[path.account_id]
	declaration.custom_role_id == path.custom_role_id
	declaration.resource_set_id == path.resource_set_id
}

_reasons(path) := ((_creates_tokens(path) | _unknown(path)) | _declared(path)) | _leased(path)

_creates_tokens(path) := {"the role can create API tokens, and no open lease gives it" |
	path.type in data.params.token_creator_roles
}

_unknown(path) := {"this version does not know that type of role, so it is taken for a powerful one" |
	not path.type in data.params.known_roles
}

_declared(path) := {$"it is the temporary role that \"{declaration.name}\" declares" |
	declaration := input.declared[path.account_id]
	declaration.elevation_role == path.type
}

_leased(path) := {$"the lease {lease.id} was to take it away" |
	some lease in leases.of_account[path.account_id]
	leases.gives(lease, path)
}

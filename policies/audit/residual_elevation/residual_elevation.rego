# METADATA
# title: Residual elevated roles
# description: >-
#   A service account holds no role that can create API tokens, no temporary role, no role of an unknown type and no custom
#   role whose permissions the settings forbid or nobody can tell, directly or through a group, outside an open lease that
#   gives exactly that role; and no open lease is stuck, past its end, from a time to come or longer than 8 hours.
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
#     Run stepdown sweep for a lease that should be over. Remove a role that no lease gave with stepdown downgrade, or
#     take the account out of the group that the role comes through. Take a permission that the settings forbid out of its
#     custom role. Then find out in the System Log who gave it and what was done with it.
#   requires:
#     - users
#     - user_roles
#     - groups
#     - group_roles
#     - group_members
#     - custom_roles
#     - resource_sets
#     - bindings
#     - leases
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
	some account_id in _accounts
	some path in assignments.of_account[account_id]
	not leases.covers(path)
	reasons := _reasons(path)
	count(reasons) > 0

	login := assignments.login(account_id)
	why := concat("; ", sort(reasons))
	result := finding.new(
		rego.metadata.chain(),
		{"kind": "user", "id": account_id, "name": login},
		assignments.discriminator(path),
		$"{login} holds {assignments.role_text(path)} {assignments.via_text(path)}: {why}",
		object.union(assignments.evidence(path), {"reasons": sort(reasons), "assignment_ids": sort(_ids(path))}),
	)
}

# METADATA
# description: one finding for each open lease that should be over, or is not to be relied on, even where the role is gone
findings contains result if {
	some lease in input.leases
	lease.open
	faults := leases.faults(lease)
	count(faults) > 0

	why := concat("; it ", sort(faults))
	result := finding.new(
		rego.metadata.chain(),
		{"kind": "lease", "id": lease.id, "name": lease.login},
		"open",
		$"the lease {lease.id} of {lease.login} {why}: nothing proves that its temporary role is gone",
		{
			"lease": lease.id,
			"account_id": lease.account_id,
			"state": lease.state,
			"opened_at": lease.opened_at,
			"ends_at": lease.ends_at,
			"pull_request": lease.pull_request,
			"temporary": [role.type | some role in lease.temporary],
		},
	)
}

# Okta's ids of the assignments by which the account itself holds the role: one that is given again has another.
_ids(path) := {assignment.id |
	some assignment in input.assignments
	assignment.principal_id == path.account_id
	assignment.type == path.type
	assignment.custom_role_id == path.custom_role_id
	assignment.resource_set_id == path.resource_set_id
	assignment.via_group_id == ""
	path.via_group_id == ""
}

_accounts contains declaration.user_id if some declaration in input.declared

_accounts contains user_id if some user_id, _ in input.service_accounts

_accounts contains lease.account_id if some lease in input.leases

_reasons(path) := _powers(path) | _residue(path)

# What makes a role a powerful one, whoever gave it: also the one custom role that the account is to keep.
_powers(path) := ((_creates_tokens(path) | _unknown(path)) | _forbidden(path)) | _untold(path)

_creates_tokens(path) := {"the role can create API tokens, and no open lease gives it" |
	path.type in data.params.token_creator_roles
}

_unknown(path) := {"this version does not know that type of role, so it is taken for a powerful one" |
	not path.type in data.params.known_roles
}

_forbidden(path) := {$"{_role(path)} permits {concat(", ", permissions)}, which the settings forbid" |
	path.type == "CUSTOM"
	permissions := input.forbidden_permissions[path.custom_role_id]
	count(permissions) > 0
}

_untold(path) := {$"what {_role(path)} permits is not known, so it is taken for a powerful one" |
	path.type == "CUSTOM"
	not input.forbidden_permissions[path.custom_role_id]
	not _standard(path)
}

# Okta binds its own roles under their type, as if that were the id of a custom role. What the account's roles show under
# that type says which role it is.
_standard(path) if {
	some other in assignments.of_account[path.account_id]
	other.type == path.custom_role_id
	other.via_group_id == path.via_group_id
}

_role(path) := "the declared role itself" if _declared_role(path)

_role(path) := "the role" if not _declared_role(path)

_declared_role(path) if input.declared[path.account_id].custom_role_id == path.custom_role_id

# What says that a role was to be gone. The one custom role that the account is to keep is not residue, whatever a lease of
# long ago took away.
_residue(path) := set() if _intended(path)

_residue(path) := _declared(path) | _leased(path) if not _intended(path)

_intended(path) if {
	path.type == "CUSTOM"
	path.via_group_id == ""
	declaration := input.declared[path.account_id]
	declaration.custom_role_id == path.custom_role_id
	declaration.resource_set_id == path.resource_set_id
}

_declared(path) := {$"it is the temporary role that \"{declaration.name}\" declares" |
	declaration := input.declared[path.account_id]
	declaration.elevation_role == path.type
}

_leased(path) := {$"the lease {lease.id} was to take it away" | some lease in leases.answerable(path)}

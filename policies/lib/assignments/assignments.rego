# METADATA
# title: Assignments
# description: |
#   Which account holds which role by which path, from everything that says so: the user's own list, the roles of the
#   groups that it is a member of, and the members of bindings. One path is one element, however many sources say it.
# scope: package
# schemas:
#   - input: schema.snapshot
package lib.assignments

# METADATA
# description: |
#   paths by which accounts hold roles: what each account's own list shows, and the roles of the groups that have it as a
#   member. A kind of principal that nobody knows is taken for a user's.
held contains path if {
	some assignment in input.assignments
	not assignment.principal_kind in {"GROUP", "CLIENT"}
	path := _path(assignment.principal_id, assignment, assignment.via_group_id)
}

held contains path if {
	some assignment in input.assignments
	assignment.principal_kind == "GROUP"
	some account_id in input.group_members[assignment.principal_id]
	path := _path(account_id, assignment, assignment.principal_id)
}

# METADATA
# description: paths to custom roles that the members of bindings show
bound contains path if {
	some binding in input.bindings
	some member in binding.members
	not member.principal_kind in {"GROUP", "CLIENT"}
	path := _custom(member.principal_id, binding, "")
}

bound contains path if {
	some binding in input.bindings
	some member in binding.members
	member.principal_kind == "GROUP"
	some account_id in input.group_members[member.principal_id]
	path := _custom(account_id, binding, member.principal_id)
}

# METADATA
# description: all of these paths by account, so that no rule has to search for those of one account
of_account := {account_id: paths |
	some one in _all
	account_id := one.account_id
	paths := {path |
		some path in _all
		account_id = path.account_id # unification lets OPA index the paths by account, once
	}
}

_all := held | bound

_path(account_id, assignment, via_group_id) := {
	"account_id": account_id,
	"type": assignment.type,
	"custom_role_id": assignment.custom_role_id,
	"resource_set_id": assignment.resource_set_id,
	"via_group_id": via_group_id,
}

_custom(account_id, binding, via_group_id) := {
	"account_id": account_id,
	"type": "CUSTOM",
	"custom_role_id": binding.custom_role_id,
	"resource_set_id": binding.resource_set_id,
	"via_group_id": via_group_id,
}

# METADATA
# description: what tells the paths of one account apart, the same from night to night
discriminator(path) := concat("|", [path.type, path.custom_role_id, path.resource_set_id, path.via_group_id])

# METADATA
# description: the login of an account, or its id where the snapshot does not know it
login(account_id) := object.get(input.users, [account_id, "login"], account_id)

# METADATA
# description: the role of a path as people call it
role_text(path) := path.type if {
	path.type != "CUSTOM"
	path.resource_set_id == ""
}

role_text(path) := $"{path.type} on \"{_set_label(path)}\"" if {
	path.type != "CUSTOM"
	path.resource_set_id != ""
}

role_text(path) := $"the custom role \"{_role_label(path)}\" on \"{_set_label(path)}\"" if path.type == "CUSTOM"

# METADATA
# description: how the account comes by the role, as people say it
via_text(path) := "directly" if path.via_group_id == ""

via_text(path) := $"through the group \"{_group_name(path)}\"" if path.via_group_id != ""

# METADATA
# description: the path as evidence
evidence(path) := {
	"account_id": path.account_id,
	"login": login(path.account_id),
	"status": object.get(input.users, [path.account_id, "status"], "not in the snapshot"),
	"role_type": path.type,
	"custom_role_id": path.custom_role_id,
	"custom_role": _role_label(path),
	"resource_set_id": path.resource_set_id,
	"resource_set": _set_label(path),
	"via_group_id": path.via_group_id,
	"via_group": _group_name(path),
}

_role_label(path) := object.get(input.custom_roles, [path.custom_role_id, "label"], path.custom_role_id)

_set_label(path) := object.get(input.resource_sets, [path.resource_set_id, "label"], path.resource_set_id)

_group_name(path) := object.get(input.groups, [path.via_group_id, "name"], path.via_group_id)

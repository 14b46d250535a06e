# METADATA
# title: Leases
# description: Which leases excuse a role, and which have outlived themselves.
# scope: package
# schemas:
#   - input: schema.snapshot
package lib.leases

# METADATA
# description: |
#   leases that may give a role at the time of the snapshot: an elevation that is open, not stuck, and not past its end.
#   A downgrade takes roles away and so excuses none.
current contains lease if {
	some lease in input.leases
	lease.kind == "elevation"
	lease.open
	lease.state != "stuck"
	not past_end(lease)
}

# METADATA
# description: all leases by account
of_account := {account_id: of_one |
	some one in input.leases
	account_id := one.account_id
	of_one := {lease |
		some lease in input.leases
		account_id = lease.account_id # unification lets OPA index the leases by account, once
	}
}

# METADATA
# description: true of a lease whose end is not after the time of the snapshot
past_end(lease) if time.parse_rfc3339_ns(lease.ends_at) <= time.parse_rfc3339_ns(input.taken_at)

# METADATA
# description: true of a path that a current lease of the account gives, exactly that role and directly
covers(path) if {
	path.via_group_id == ""
	some lease in of_account[path.account_id]
	lease in current
	gives(lease, path)
}

# METADATA
# description: true where the role of path is one of the lease's temporary roles
gives(lease, path) if {
	some role in lease.temporary
	role.type == path.type
	role.custom_role == path.custom_role_id
	role.resource_set == path.resource_set_id
}

# METADATA
# title: Leases
# description: Which leases excuse a role, and which have outlived themselves.
# scope: package
# schemas:
#   - input: schema.snapshot
package lib.leases

import data.lib.instants

# METADATA
# description: |
#   leases that may give a role at the time of the snapshot: an elevation that is open and has no faults. A downgrade takes
#   roles away and so excuses none.
current contains lease if {
	some lease in input.leases
	lease.kind == "elevation"
	lease.open
	count(faults(lease)) == 0
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
# description: |
#   why an open lease is not to be relied on: it gave up, it is at its end or past it, it is opened later than the snapshot
#   by more than clocks differ, it runs for longer than any manifest may ask for, or it does not say from when to when.
faults(lease) := (((_stuck(lease) | _undated(lease)) | _ended(lease)) | _ahead(lease)) | _long(lease)

# How far the clock of the run that opened a lease may be ahead of this one's: access.ClockSkew.
_clock_skew_ns := ((5 * 60) * 1000) * 1000000

# The longest window that a manifest may ask for: manifest.MaxWindow.
_max_window_ns := (((8 * 60) * 60) * 1000) * 1000000

_taken := time.parse_rfc3339_ns(input.taken_at)

_stuck(lease) := {"is stuck" | lease.state == "stuck"}

_undated(lease) := {$"says {lease[field]} for {field}, which is no time to go by" |
	some field in ["opened_at", "ends_at"]
	not instants.of(lease[field])
}

_ended(lease) := {$"is open ({lease.state}) past its end, {lease.ends_at}" |
	lease.state != "stuck"
	instants.of(lease.ends_at) <= _taken
}

_ahead(lease) := {$"was opened at {lease.opened_at}, later than this snapshot, {input.taken_at}" |
	instants.of(lease.opened_at) > _taken + _clock_skew_ns
}

_long(lease) := {$"runs for more than 8 hours, from {lease.opened_at} to {lease.ends_at}" |
	instants.of(lease.ends_at) - instants.of(lease.opened_at) > _max_window_ns
}

# METADATA
# description: true of a path that a current lease of the account gives, exactly that role and directly
covers(path) if {
	path.via_group_id == ""
	some lease in of_account[path.account_id]
	lease in current
	gives(lease, path)
}

# METADATA
# description: |
#   the leases of the account that answer for the role of path: those that are open, for one that has ended had proved it gone; where none
#   is, the last of those that have ended
answerable(path) := open if {
	open := {lease | some lease in _giving(path); lease.open}
	count(open) > 0
} else := {lease |
	some lease in _giving(path)
	_age(lease) == max({_age(other) | some other in _giving(path)})
}

_giving(path) := {lease |
	some lease in of_account[path.account_id]
	gives(lease, path)
}

# What tells leases apart in time. One that does not say when it was opened is older than any that does.
_age(lease) := [_opened(lease), lease.id]

_opened(lease) := instants.of(lease.opened_at)

_opened(lease) := 0 if not instants.of(lease.opened_at)

# METADATA
# description: true where the role of path is one of the lease's temporary roles
gives(lease, path) if {
	some role in lease.temporary
	role.type == path.type
	role.custom_role == path.custom_role_id
	role.resource_set == path.resource_set_id
}

package admission

import data.lib.instants

# What the manifest asks for, against what the settings allow.

_found contains denial if {
	some field in ["account", "name", "reason", "ticket"]
	trim_space(input.request[field]) == ""
	denial := _deny(
		"request_complete",
		$"request.{field}",
		$"the manifest has no {field}",
		$"Give the {field} in the manifest and have it approved again.",
	)
}

_found contains denial if {
	not input.settings.service_account
	denial := _deny(
		"service_account",
		"request.account",
		$"\"{input.request.account}\" is not a service account by the settings",
		"Declare a service account, or widen serviceAccounts in the settings on the default branch.",
	)
}

# Who has to approve may depend on the login: an id could be that of any account.
_found contains denial if {
	not input.settings.approvals_known
	denial := _deny(
		"account_by_login",
		"request.account",
		$"\"{input.request.account}\" is no login, and the settings tell by the login who has to approve",
		"Declare the account by its login.",
	)
}

_found contains denial if {
	count(input.settings.forbidden) > 0
	denial := _deny(
		"role_permissions",
		"role.customRole",
		$"\"{input.request.custom_role}\" has {concat(", ", input.settings.forbidden)}, which the settings forbid",
		"Take the permission out of the role in the org, or declare a role without it.",
	)
}

_found contains denial if {
	input.request.window_seconds > input.settings.max_window_seconds
	denial := _deny(
		"window_ceiling",
		"elevation.window",
		$"the window is {input.request.window_seconds} s; the settings allow {input.settings.max_window_seconds} s",
		"Ask for a shorter window, or have the ceiling raised in the settings on the default branch.",
	)
}

_found contains denial if {
	input.request.window_seconds <= 0
	denial := _deny(
		"window_ceiling",
		"elevation.window",
		$"the window is {input.request.window_seconds} s",
		"Ask for a window that is longer than nothing.",
	)
}

_found contains denial if {
	not input.settings.elevation_role_allowed
	denial := _deny(
		"elevation_role",
		"elevation.role",
		$"the settings do not allow {input.request.account} to be given {input.request.elevation_role}",
		"Ask for READ_ONLY_ADMIN, or have the role allowed for this account in the settings on the default branch.",
	)
}

_found contains denial if {
	not input.settings.break_glass_allowed
	denial := _deny(
		"break_glass",
		"elevation.breakGlass",
		"the settings do not allow elevations in an emergency",
		"Take breakGlass out of the manifest, or have it allowed in the settings on the default branch.",
	)
}

_found contains denial if {
	input.request.window_seconds > input.settings.break_glass_max_window_seconds
	denial := _deny(
		"break_glass",
		"elevation.window",
		$"the window is {input.request.window_seconds} s; in an emergency the settings allow {input.settings.break_glass_max_window_seconds} s",
		"Ask for a shorter window.",
	)
}

_found contains denial if {
	not _emergency
	some freeze in input.settings.freezes
	not _over(freeze)
	denial := _deny(
		"freeze",
		"settings.freezes",
		$"nothing is elevated from {freeze.from} to {freeze.to}: {freeze.reason}",
		"Wait for its end, or, if it cannot wait, say why in elevation.breakGlass and have one person more approve it.",
	)
}

# A freeze whose times cannot be reckoned with is on.
_over(freeze) if time.parse_rfc3339_ns(input.now) < instants.of(freeze.from)

_over(freeze) if time.parse_rfc3339_ns(input.now) >= instants.of(freeze.to)

package lib.leases_test

import data.lib.leases

_role := {"type": "READ_ONLY_ADMIN", "custom_role": "", "resource_set": ""}

_lease := {
	"id": "L1",
	"kind": "elevation",
	"account_id": "u1",
	"state": "elevated",
	"open": true,
	"ends_at": "2030-01-01T00:10:00Z",
	"temporary": [_role],
}

_path := {
	"account_id": "u1",
	"type": "READ_ONLY_ADMIN",
	"custom_role_id": "",
	"resource_set_id": "",
	"via_group_id": "",
}

_at(taken_at, patch) := {"taken_at": taken_at, "leases": {"L1": object.union(_lease, patch)}}

test_open_lease_covers_its_role if leases.covers(_path) with input as _at("2030-01-01T00:09:59Z", {})

test_lease_covers_nothing_from_its_end_on if {
	not leases.covers(_path) with input as _at("2030-01-01T00:10:00Z", {})
}

test_no_cover[name] if {
	some name, patch in {
		"stuck": {"state": "stuck"},
		"closed": {"state": "closed", "open": false},
		"a downgrade": {"kind": "downgrade"},
		"of another account": {"account_id": "u2"},
		"of another role": {"temporary": [object.union(_role, {"type": "ORG_ADMIN"})]},
		"of another resource set": {"temporary": [object.union(_role, {"resource_set": "iam1"})]},
		"of another custom role": {"temporary": [object.union(_role, {"custom_role": "cr1"})]},
	}
	not leases.covers(_path) with input as _at("2030-01-01T00:05:00Z", patch)
}

test_lease_does_not_cover_a_group if {
	path := object.union(_path, {"via_group_id": "g1"})
	not leases.covers(path) with input as _at("2030-01-01T00:05:00Z", {})
}

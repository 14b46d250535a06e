package lib.leases_test

import data.lib.leases

_role := {"type": "READ_ONLY_ADMIN", "custom_role": "", "resource_set": ""}

_lease := {
	"id": "L1",
	"kind": "elevation",
	"account_id": "u1",
	"state": "elevated",
	"open": true,
	"opened_at": "2030-01-01T00:00:00Z",
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

test_faultless_windows_cover[name] if {
	some name, [taken_at, patch] in {
		"opened as far ahead as clocks may differ": ["2029-12-31T23:55:00Z", {}],
		"the longest window": [
			"2030-01-01T00:05:00Z",
			{"opened_at": "2029-12-31T16:10:00Z", "ends_at": "2030-01-01T00:10:00Z"},
		],
	}
	leases.covers(_path) with input as _at(taken_at, patch)
}

# Each fault of an open lease, with what is said of it. A lease with a fault covers nothing.
_faulty := {
	"stuck": ["2030-01-01T00:05:00Z", {"state": "stuck"}, {"is stuck"}],
	"stuck and past its end": ["2030-01-01T00:15:00Z", {"state": "stuck"}, {"is stuck"}],
	"at its end": [
		"2030-01-01T00:10:00Z",
		{},
		{"is open (elevated) past its end, 2030-01-01T00:10:00Z"},
	],
	"opened further ahead than clocks may differ": [
		"2029-12-31T23:54:59.9Z",
		{},
		{"was opened at 2030-01-01T00:00:00Z, later than this snapshot, 2029-12-31T23:54:59.9Z"},
	],
	"a part of a second longer than any manifest may ask for": [
		"2030-01-01T00:05:00Z",
		{"opened_at": "2029-12-31T16:09:59.9Z"},
		{"runs for more than 8 hours, from 2029-12-31T16:09:59.9Z to 2030-01-01T00:10:00Z"},
	],
	"without an end": [
		"2030-01-01T00:05:00Z",
		{"ends_at": "0001-01-01T00:00:00Z"},
		{"says 0001-01-01T00:00:00Z for ends_at, which is no time to go by"},
	],
	"with an end that cannot be reckoned with": [
		"2030-01-01T00:05:00Z",
		{"ends_at": "9999-12-31T23:59:59Z"},
		{"says 9999-12-31T23:59:59Z for ends_at, which is no time to go by"},
	],
	"without an opening": [
		"2030-01-01T00:05:00Z",
		{"opened_at": "0001-01-01T00:00:00Z"},
		{"says 0001-01-01T00:00:00Z for opened_at, which is no time to go by"},
	],
}

test_faults[name] if {
	some name, [taken_at, patch, want] in _faulty
	leases.faults(object.union(_lease, patch)) == want with input as _at(taken_at, patch)
}

test_a_fault_covers_nothing[name] if {
	some name, [taken_at, patch, _] in _faulty
	not leases.covers(_path) with input as _at(taken_at, patch)
}

test_no_cover[name] if {
	some name, patch in {
		"closed": {"state": "closed", "open": false},
		"a downgrade": {"kind": "downgrade"},
		"of another account": {"account_id": "u2"},
		"of another role": {"temporary": [object.union(_role, {"type": "ORG_ADMIN"})]},
		"of another resource set": {"temporary": [object.union(_role, {"resource_set": "iam1"})]},
		"of another custom role": {"temporary": [object.union(_role, {"custom_role": "cr1"})]},
	}
	not leases.covers(_path) with input as _at("2030-01-01T00:05:00Z", patch)
}

# Which leases of the account answer for its role.
_answers := {
	"the open one, beside one that has ended": [{"L1": {}, "L2": _over}, {"L1"}],
	"the open one, though it is older": [{"L1": {}, "L2": object.union(_over, {"opened_at": "2030-01-01T00:01:00Z"})}, {"L1"}],
	"the one that is stuck": [{"L1": _over, "L2": {"state": "stuck"}, "L3": _over}, {"L2"}],
	"each that is open": [{"L1": {}, "L2": {"state": "stuck"}}, {"L1", "L2"}],
	"the last that has ended, by its time": [
		{
			"L1": object.union(_over, {"opened_at": "2030-01-01T00:00:00.5Z"}),
			"L2": _over,
			"L3": object.union(_over, {"opened_at": "0001-01-01T00:00:00Z"}),
		},
		{"L1"},
	],
	"one of the same time, the same each night": [{"L1": _over, "L2": _over}, {"L2"}],
	"none that gives another role": [{"L1": _over, "L2": {"temporary": [object.union(_role, {"type": "ORG_ADMIN"})]}}, {"L1"}],
	"none of another account": [{"L1": _over, "L2": {"account_id": "u2"}}, {"L1"}],
	"none": [{"L1": {"account_id": "u2"}}, set()],
}

_over := {"state": "undone", "open": false}

test_answerable[name] if {
	some name, [patches, want] in _answers
	all := {id: object.union(object.union(_lease, {"id": id}), patch) | some id, patch in patches}
	got := leases.answerable(_path) with input as {"taken_at": "2030-01-01T00:05:00Z", "leases": all}
	{lease.id | some lease in got} == want
}

test_lease_does_not_cover_a_group if {
	path := object.union(_path, {"via_group_id": "g1"})
	not leases.covers(path) with input as _at("2030-01-01T00:05:00Z", {})
}

package lib.finding_test

import data.lib.finding

_chain := [
	{"path": ["audit", "x", "findings"], "annotations": {"scope": "rule"}},
	{"path": ["audit", "x"], "annotations": {"scope": "package", "custom": {"id": "OKTA-XXX-001"}}},
]

test_new_takes_the_id_of_the_package if {
	result := finding.new(_chain, {"kind": "user", "id": "u", "name": "n"}, "d", "m", {"a": 1})
	result == {
		"control": "OKTA-XXX-001",
		"resource": {"kind": "user", "id": "u", "name": "n"},
		"discriminator": "d",
		"msg": "m",
		"evidence": {"a": 1},
	}
}

test_new_is_undefined_without_a_package if {
	not finding.new([_chain[0]], {"kind": "user", "id": "u", "name": "n"}, "d", "m", {})
}

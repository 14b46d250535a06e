package audit.sweep_lives_test

import data.audit.sweep_lives as control
import data.lib.fixture_test as fixture

_never := "0001-01-01T00:00:00Z"

_sweep(last, since) := {"sweep": {"last": last, "since": since, "run": ""}}

cases := {name: {"input": object.union(fixture.org, patch), "want": want} |
	some name, [patch, want] in {
		"ten minutes ago": [{}, set()],
		"just in time": [_sweep("2029-12-31T22:00:00Z", "2029-12-31T22:00:00Z"), set()],
		"too long ago": [_sweep("2029-12-31T21:59:59Z", "2029-12-31T21:59:59Z"), {"the last sweep did"}],
		"never, and nothing was leased": [_sweep(_never, _never), set()],
		"never, and the first lease is new": [_sweep(_never, "2029-12-31T23:59:00Z"), set()],
		"never": [_sweep(_never, "2029-12-31T12:00:00Z"), {"no sweep has done"}],
		"clocks differ a little": [_sweep("2030-01-01T00:04:00Z", "2030-01-01T00:04:00Z"), set()],
		"of a time that nobody reckons with": [_sweep("2300-01-01T00:00:00Z", "2300-01-01T00:00:00Z"), {"the last sweep says"}],
		"of a time to come": [_sweep("2030-01-01T00:06:00Z", "2030-01-01T00:06:00Z"), {"the last sweep says"}],
	}
}

test_findings[name] if {
	some name, case in cases
	got := control.findings with input as case.input with data.params as fixture.params
	{concat(" ", array.slice(split(f.msg, " "), 0, 4)) | some f in got} == case.want
	every f in got {
		f.resource == {"kind": "org", "id": "https://acme.example", "name": "https://acme.example"}
		f.discriminator == "sweep"
	}
}

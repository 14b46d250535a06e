# METADATA
# title: Sweeps that do not run
# description: >-
#   Wherever leases are opened, a sweep has lately read all of them and could have ended one: nobody else takes away what a
#   run has left that was lost.
# scope: package
# schemas:
#   - input: schema.snapshot
#   - data.params: schema.params
# related_resources:
#   - ref: https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule
#     description: scheduled workflows may be late, or left out, and are switched off in a repository where nothing happens
# custom:
#   id: OKTA-SWP-001
#   severity: high
#   remediation: >-
#     Look at the last runs of the sweep's workflow: is it switched off, does its schedule still run, does its credential
#     still work? Run it by hand. Where GitHub's schedule is not to be relied on, let stepdown sweep --watch run elsewhere.
#   requires: [leases, sweeps]
#   frameworks:
#     nist_800_53: [AC-2(2), CA-7, SI-6]
#     soc2: [CC4.1, CC7.1]
#     iso_27001: [A.5.18, A.8.16]
#     pci_dss: [7.2.5.1, 10.7.2]
#     stig: [OKTA-APP-003241]
package audit.sweep_lives

import data.lib.finding
import data.lib.instants

# METADATA
# description: a finding where the last round is too long ago, where there was none in that time, or where it is of a time to come
findings contains result if {
	some why in _reasons
	result := finding.new(
		rego.metadata.chain(),
		{"kind": "org", "id": input.org.url, "name": input.org.url},
		"sweep",
		why,
		{"last": input.sweep.last, "since": input.sweep.since, "run": input.sweep.run, "within": data.params.sweep_within},
	)
}

# How far the clock of a sweep may be ahead of this one's: access.ClockSkew.
_clock_skew_ns := ((5 * 60) * 1000) * 1000000

_taken := time.parse_rfc3339_ns(input.taken_at)

_late if {
	since := instants.of(input.sweep.since)
	_taken - since > time.parse_duration_ns(data.params.sweep_within)
}

_ran if instants.of(input.sweep.last)

_reasons contains $"the last sweep did its round at {input.sweep.last}, more than {data.params.sweep_within} ago: if a run is lost, nobody ends its lease" if {
	_late
	_ran
}

_reasons contains $"no sweep has done a round since the first lease was opened, at {input.sweep.since}: if a run is lost, nobody ends its lease" if {
	_late
	not _ran
}

_reasons contains $"the last sweep says that it did its round at {input.sweep.last}, later than this snapshot, {input.taken_at}: whether one runs is not known" if {
	instants.of(input.sweep.last) > _taken + _clock_skew_ns
}

# Go's zero time says that there was none; any other that cannot be reckoned with is nobody's word.
_reasons contains $"the last sweep says that it did its round at {input.sweep.last}, which is no time to go by: whether one runs is not known" if {
	not instants.of(input.sweep.last)
	input.sweep.last != "0001-01-01T00:00:00Z"
}

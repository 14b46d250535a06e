package access

import (
	"testing"
	"time"
)

func TestSweptSince(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	lease := func(org string, at time.Time) Lease { return Lease{Terms: Terms{OrgURL: org, OpenedAt: at}} }
	for name, test := range map[string]struct {
		rounds []Round
		leases []Lease
		want   time.Time
	}{
		"nothing yet":                 {nil, nil, time.Time{}},
		"no round":                    {nil, []Lease{lease("a", noon), lease("a", noon.Add(-time.Hour))}, noon.Add(-time.Hour)},
		"a round":                     {[]Round{{OrgURL: "a", At: noon}}, []Lease{lease("a", noon.Add(-time.Hour))}, noon},
		"the later of two":            {[]Round{{OrgURL: "a", At: noon}, {OrgURL: "a", At: noon.Add(-time.Minute)}}, nil, noon},
		"a round of another org":      {[]Round{{OrgURL: "b", At: noon}}, []Lease{lease("a", noon.Add(-time.Hour))}, noon.Add(-time.Hour)},
		"leases of another org alone": {nil, []Lease{lease("b", noon)}, time.Time{}},
	} {
		if got := SweptSince(test.rounds, test.leases, "a"); !got.Equal(test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

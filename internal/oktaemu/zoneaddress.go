// The addresses of IP zones: gateways and proxies.

package oktaemu

import (
	"net/netip"
	"strings"
)

// badAddresses finds what is wrong with the gateways and proxies of an IP zone. The two forms and that one address is a
// range are recorded; how Okta refuses what is neither is UNVERIFIED.
func badAddresses(given obj) (field, cause string) {
	for _, field := range []string{"gateways", "proxies"} {
		list, ok := given[field].([]any)
		if !ok && given[field] != nil {
			return field, "The field must be a list."
		}
		for _, item := range list {
			address, _ := item.(obj)
			kind, value := text(address, "type"), text(address, "value")
			switch {
			case kind == "CIDR" && isCIDR(value), kind == "RANGE" && isRange(value):
			case kind == "CIDR", kind == "RANGE":
				return field, "The value '" + value + "' is not a valid " + kind + "."
			default:
				return field, "The type must be one of CIDR, RANGE."
			}
		}
	}
	return "", ""
}

// isCIDR takes bits beyond the prefix, as recorded.
func isCIDR(value string) bool {
	_, err := netip.ParsePrefix(value)
	return err == nil
}

func isRange(value string) bool {
	from, to, two := strings.Cut(value, "-")
	if !two {
		to = from
	}
	first, err := netip.ParseAddr(strings.TrimSpace(from))
	last, errTo := netip.ParseAddr(strings.TrimSpace(to))
	return err == nil && errTo == nil && first.Is4() == last.Is4() && first.Zone() == "" && last.Zone() == "" && first.Compare(last) <= 0
}

# METADATA
# title: Findings
# description: The one shape of a finding. All text about its control is joined in Go, from the annotations.
# scope: package
package lib.finding

# METADATA
# description: |
#   a finding of the control whose package is in chain. The resource has kind, id and name. The discriminator tells
#   findings about one resource apart, and stays the same from night to night while the cause does.
new(chain, resource, discriminator, msg, evidence) := {
	"control": control,
	"resource": resource,
	"discriminator": discriminator,
	"msg": msg,
	"evidence": evidence,
} if {
	some link in chain
	link.annotations.scope == "package"
	control := link.annotations.custom.id
}

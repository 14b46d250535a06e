# A rule of your own. It lies in the folder rules of the access directory, on the default branch, and can only deny: there is
# no way to allow what stepdown's own rules deny. Each file is a package of its own, rules or below it, sees no other file,
# and has a set named deny. What it may read is in internal/policy/schemas/admission.json; a misspelt field does not compile,
# and a rule that does not compile denies everything.
package rules.zones

# A token that works from anywhere is one that works for whoever finds it.
deny contains {
	"msg": "the token would work from anywhere",
	"field": "token.zones",
	"hint": "Name the network zones that it is used from, in token.zones.",
} if {
	input.action == "elevate"
	count(input.request.zones) == 0
}

# Whoever answers for an account does not approve what is asked for it.
deny contains {
	"msg": $"{review.user} answers for the account, and approves the request",
	"field": "owner",
	"hint": "Have somebody else approve it.",
} if {
	some review in input.reviews
	review.state == "APPROVED"
	lower(review.user) == lower(input.request.owner)
}

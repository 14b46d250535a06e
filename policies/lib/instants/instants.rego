# METADATA
# title: Instants
# description: Times that can be reckoned with. A time that was never set has none, and is not an error of the evaluation.
# scope: package
package lib.instants

# METADATA
# description: |
#   the nanoseconds of a time since 1970. It is undefined for a time that is in none of the years 1900 to 2199, such as Go's
#   zero time: who asks has to say what follows then.
of(text) := time.parse_rfc3339_ns(text) if regex.match(`^(19|20|21)[0-9]{2}-`, text)

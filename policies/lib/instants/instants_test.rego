package lib.instants_test

import data.lib.instants

test_instant_of_a_time if instants.of("1970-01-01T00:00:01.5Z") == 1500000000

test_epoch_is_an_instant if instants.of("1970-01-01T00:00:00Z") == 0

test_first_and_last_year[year] if {
	some year in ["1900", "2199"]
	instants.of($"{year}-01-01T00:00:00Z")
}

test_no_instant[text] if {
	some text in ["0001-01-01T00:00:00Z", "1899-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "9999-12-31T23:59:59Z", ""]
	not instants.of(text)
}

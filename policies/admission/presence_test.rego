package admission_test

import data.admission

# An approval that counts and is too old to say that somebody is there.
_long_ago := [review(1, "grace", "APPROVED", "aaa", "2030-01-01T09:00:00Z")]

_ready := comment("oscar", " /stepdown ready\r\n", "2030-01-01T11:50:00Z")

_says(patch) := {"reviews": _long_ago, "comments": [object.union(_ready, patch)]}

_presence_cases := {
	"nobody there": [{"reviews": _long_ago}, {"presence"}],
	"approval as old as presence lasts": [_only(review(1, "grace", "APPROVED", "aaa", "2030-01-01T11:45:00Z")), set()],
	"approval a second older than presence lasts": [
		_only(review(1, "grace", "APPROVED", "aaa", "2030-01-01T11:44:59Z")),
		{"presence"},
	],
	"operator says so": [_says({}), set()],
	"operator says so before the approval": [
		{"settings": {"presence_seconds": 60}, "reviews": base.reviews, "comments": [_ready]},
		{"presence"},
	],
	"operator said so too long ago": [_says(_when("2030-01-01T11:44:59Z")), {"presence"}],
	"operator says so in the future": [_says(_when("2030-01-01T12:05:01Z")), {"presence"}],
	"operator says so in the second of the approval": [_says(_when("2030-01-01T09:00:00Z")), {"presence"}],
	"operator said so for a window before": [_after_window("2030-01-01T11:50:00Z"), {"presence"}],
	"operator said so again": [_after_window("2030-01-01T11:49:59Z"), set()],
	"approved for a window before": [{"presence_spent": "2030-01-01T11:55:00Z"}, {"presence"}],
	"another says so": [_says({"user": "mallory"}), {"presence"}],
	"an app says so": [_says({"user_type": "Bot"}), {"presence"}],
	"operator says more": [_says({"body": "/stepdown ready soon"}), {"presence"}],
	"operator quotes it": [_says({"body": "> /stepdown ready"}), {"presence"}],
	"the comment was edited": [_says({"updated_at": "2030-01-01T11:51:00Z"}), {"presence"}],
	"operator by an e-mail address": [
		object.union(_says({"user": "oscar@acme.example"}), {"request": {"operator": "oscar@acme.example"}}),
		{"presence"},
	],
	"by the clock": [{"trigger": "schedule"}, {"scheduled"}],
	"by the clock, with nobody there": [{"trigger": "schedule", "reviews": _long_ago}, {"scheduled", "presence"}],
	"a plan by the clock, with nobody there": [{"trigger": "schedule", "reviews": _long_ago, "plan": true}, set()],
	"delivered in another way": [{"reviews": _long_ago, "request": {"delivery": "sealed"}}, set()],
}

_after_window(at) := object.union(_says({}), {"presence_spent": at})

_when(at) := {"created_at": at, "updated_at": at}

_present(name) := decision.present if decision := admission.decision with input as cases[name].input

test_presence_by_approval if {
	_present("admitted") == {"by": "grace", "how": "approval", "at": "2030-01-01T11:55:00Z"}
}

test_presence_by_comment if {
	_present("operator says so") == {"by": "oscar", "how": "comment", "at": "2030-01-01T11:50:00Z"}
}

test_a_comment_in_the_second_of_the_approval_is_not_after_it if {
	decision := admission.decision with input as object.union(base, {"comments": [object.union(_ready, _when("2030-01-01T11:55:00Z"))]})
	decision.present.how == "approval"
}

test_nobody_need_be_there if {
	every name in ["nobody there", "by the clock", "end", "a plan by the clock, with nobody there"] {
		_present(name).by == ""
	}
}

test_who_waits_is_told_what_to_write if {
	decision := admission.decision with input as cases["nobody there"].input
	some reason in decision.waiting
	contains(reason.hint, "Oscar")
	contains(reason.hint, "/stepdown ready")
}

test_who_waits_is_told_what_opened_a_window_already if {
	some reason in admission.decision.waiting with input as cases["operator said so for a window before"].input
	contains(reason.msg, "since 2030-01-01T11:50:00Z")
}

test_whom_github_does_not_know_is_not_told_to_write if {
	decision := admission.decision with input as cases["operator by an e-mail address"].input
	some reason in decision.waiting
	not contains(reason.hint, "@")
}

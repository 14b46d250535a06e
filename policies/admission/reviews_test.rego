package admission_test

import data.admission

_at := "2030-01-01T11:56:00Z"

_reviews(list) := {"reviews": array.concat(base.reviews, list)}

_only(review) := {"reviews": [review]}

_review_cases := {
	"no review": [{"reviews": []}, {"approved"}],
	"comment only": [_only(review(1, "grace", "COMMENTED", "aaa", _at)), {"approved"}],
	"comment after approval": [_reviews([review(2, "grace", "COMMENTED", "aaa", _at)]), set()],
	"pending after approval": [_reviews([review(2, "grace", "PENDING", "aaa", _at)]), set()],
	"dismissed after approval": [_reviews([review(2, "Grace", "DISMISSED", "aaa", _at)]), {"approved"}],
	"unknown state after approval": [_reviews([review(2, "grace", "RETRACTED", "aaa", _at)]), {"approved"}],
	"changes requested after approval": [
		_reviews([review(2, "grace", "CHANGES_REQUESTED", "aaa", _at)]),
		{"approved", "no_changes_requested"},
	],
	"changes requested by another": [_reviews([review(2, "ada", "CHANGES_REQUESTED", "old", _at)]), {"no_changes_requested"}],
	"changes requested by somebody without authority": [
		_reviews([review(2, "zoe", "CHANGES_REQUESTED", "aaa", _at)]),
		{"no_changes_requested"},
	],
	"changes requested by an account that is deleted, and another one approved": [
		_reviews([review(2, "", "CHANGES_REQUESTED", "aaa", _at), review(3, "", "APPROVED", "aaa", _at)]),
		{"no_changes_requested"},
	],
	"changes requested, then approved": [
		{"reviews": [
			review(1, "grace", "CHANGES_REQUESTED", "aaa", _at),
			review(2, "grace", "APPROVED", "aaa", _at),
		]},
		set(),
	],
	"approved, then pushed": [_only(review(1, "grace", "APPROVED", "old", _at)), {"approved"}],
	"approved by the author": [_only(review(1, "Dana", "APPROVED", "aaa", _at)), {"approved"}],
	"approved, then closed and opened again": [{"events": [_event("reopened", "2030-01-01T11:58:00Z")]}, {"approved"}],
	"opened again, then approved": [{"events": [_event("reopened", "2030-01-01T11:54:00Z")]}, set()],
	"counted from another commit now": [{"merge_bases": {"now": "nnn"}}, {"approved"}],
	"nobody knows what it was counted from": [{"merge_bases": {"now": "mmm", "then": []}}, {"approved"}],
	"approved, then retargeted": [{"events": [_change("2030-01-01T11:58:00Z")]}, {"approved"}],
	"approved in the same second as it was retargeted": [{"events": [_change("2030-01-01T11:55:00Z")]}, {"approved"}],
	"approved between two changes of the base": [
		{"events": [_change("2030-01-01T11:54:00Z"), _change("2030-01-01T11:56:00Z")]},
		{"approved"},
	],
	"retargeted, then approved": [{"events": [_change("2030-01-01T11:54:59Z")]}, set()],
	"retargeted at a time that is none": [{"events": [_change("9999-01-01T00:00:00Z")]}, {"approved"}],
	"approved by a bot": [_only(object.union(base.reviews[0], {"user_type": "Bot"})), {"approved"}],
	"approved by nobody": [_only(review(1, "", "APPROVED", "aaa", _at)), {"approved"}],
	"one approval counts, another does not": [_reviews([review(2, "ada", "APPROVED", "old", _at)]), set()],
	"two are needed": [{"settings": {"approvals": 2}}, {"approved"}],
	"two are needed, and one approved twice": [
		object.union({"settings": {"approvals": 2}}, _reviews([review(2, "GRACE", "APPROVED", "aaa", _at)])),
		{"approved"},
	],
	"two are needed and there": [
		object.union({"settings": {"approvals": 2}}, _reviews([review(2, "ada", "APPROVED", "aaa", _at)])),
		set(),
	],
	"none are needed, and none is there": [{"settings": {"approvals": 0}, "reviews": []}, {"approved"}],
	"approval at the greatest age": [
		_only(review(1, "grace", "APPROVED", "aaa", "2029-12-31T12:00:00Z")),
		{"presence"},
	],
	"approval a second too old": [_only(review(1, "grace", "APPROVED", "aaa", "2029-12-31T11:59:59Z")), {"approved"}],
	"approval a part of a second too old": [_only(review(1, "grace", "APPROVED", "aaa", "2029-12-31T11:59:59.5Z")), {"approved"}],
	"approval ahead within the skew": [_only(review(1, "grace", "APPROVED", "aaa", "2030-01-01T12:05:00Z")), set()],
	"approval ahead of the skew": [_only(review(1, "grace", "APPROVED", "aaa", "2030-01-01T12:05:01Z")), {"approved"}],
	"approval without a time": [_only(review(1, "grace", "APPROVED", "aaa", "0001-01-01T00:00:00Z")), {"approved"}],
	"approval without a time beside one that counts": [
		_reviews([review(2, "ada", "APPROVED", "aaa", "0001-01-01T00:00:00Z")]),
		set(),
	],
	"comment without a time": [_reviews([review(2, "grace", "PENDING", "aaa", "0001-01-01T00:00:00Z")]), set()],
}

_team(users) := {
	"settings": {"teams": ["identity", "security"]},
	"authorities": [authority(user, "write", teams) | some user, teams in users],
}

_approver_cases := {
	"approver pushed": [{"pushes": array.concat(base.pushes, [push(2, "Grace", "push", "aaa")])}, {"approved"}],
	"approver pushed before": [{"pushes": [push(1, "grace", "push", "bbb"), push(2, "dana", "force_push", "aaa")]}, {"approved"}],
	"approver merged into the branch": [{"pushes": array.concat(base.pushes, [push(2, "grace", "pr_merge", "bbb")])}, {"approved"}],
	"approver deleted the branch": [{"pushes": array.concat(base.pushes, [push(2, "grace", "branch_deletion", "000")])}, set()],
	"head is nobody's push": [{"pushes": [push(1, "dana", "push", "bbb")]}, {"pusher_known"}],
	"no pushes": [{"pushes": []}, {"pusher_known"}],
	"head is a deleted account's push": [{"pushes": [push(1, "", "push", "aaa")]}, {"pusher_known"}],
	"a bot pushed before": [{"pushes": array.concat(base.pushes, [object.union(push(2, "ci[bot]", "push", "bbb"), {"actor_type": "Bot"})])}, {"pusher_known"}],
	"a bot deleted the branch": [{"pushes": array.concat(base.pushes, [object.union(push(2, "ci[bot]", "branch_deletion", "000"), {"actor_type": "Bot"})])}, set()],
	"head is another branch's push": [
		{"pushes": [object.union(base.pushes[0], {"ref": "refs/heads/other"})]},
		{"pusher_known"},
	],
	"approver may read only": [_only(review(1, "eve", "APPROVED", "aaa", _at)), {"approved"}],
	"approver of whom nothing is known": [_only(review(1, "zoe", "APPROVED", "aaa", _at)), {"approved"}],
	"approver with a role of a fine name": [
		{"authorities": [object.union(authority("grace", "read", []), {"role": "admin"})]},
		{"approved"},
	],
	"approver of whom two things are said": [
		{"authorities": [authority("grace", "write", []), authority("Grace", "none", [])]},
		{"approved"},
	],
	"approver in the team": [_team({"Grace": ["Security"]}), set()],
	"approver in another team": [_team({"grace": ["finance"]}), {"approved"}],
	"approver in no team": [_team({"grace": []}), {"approved"}],
}

test_approvers_and_latest_approval if {
	decision := admission.decision with input as object.union(base, _reviews([
		review(2, "ada", "APPROVED", "aaa", _at),
		review(3, "eve", "APPROVED", "old", "2030-01-01T11:57:00Z"),
	]))
	decision.approvers == ["ada", "grace"]
	decision.approved_at == _at
}

test_no_approval_has_no_time if {
	decision := admission.decision with input as object.union(base, {"reviews": []})
	decision.approvers == []
	decision.approved_at == ""
}

test_approval_without_a_time_is_nobodys if {
	decision := admission.decision with input as cases["approval without a time"].input
	decision.approvers == []
	decision.approved_at == ""
	some denial in decision.denials
	contains(denial.msg, "its time, 0001-01-01T00:00:00Z, cannot be when it was given")
}

test_stale_approval_names_both_commits if {
	some denial in denials("approved, then pushed")
	contains(denial.msg, "commit old")
	contains(denial.msg, "head is aaa")
}

test_what_is_lacking_is_said_once if {
	[bot] = denials("approved by a bot")
	startswith(bot.msg, "the approval of grace does not count: ")
	[few] = denials("two are needed")
	few.msg == "1 of the 2 approvals that are needed count"
}

# Which fact denied, by the name of a case.
_lacking := {
	"approved, then pushed": "approval_at_head",
	"approved by a bot": "approval_by_person",
	"approved by nobody": "approval_by_person",
	"approved by the author": "approval_not_by_author",
	"approver pushed": "approval_not_by_pusher",
	"approver may read only": "approval_with_authority",
	"approver in another team": "approval_by_team",
	"approval a second too old": "approval_fresh",
	"approval ahead of the skew": "approval_fresh",
}

test_the_trace_says_what_an_approval_lacks if {
	every name, rule in _lacking {
		outcomes(name)[rule] == "deny"
	}
}

test_what_an_approval_lacks_does_not_deny_where_others_are_enough if {
	outcome := outcomes("one approval counts, another does not")
	outcome.approved == "pass"
	outcome.approval_at_head == "pass"
}

test_what_an_approval_lacks_does_not_deny_for_another_rule if {
	decision := admission.decision with input as object.union(
		object.union(base, _pull({"draft": true})),
		_reviews([review(2, "ada", "APPROVED", "old", _at)]),
	)
	[step.rule | some step in decision.trace; step.outcome == "deny"] == ["not_draft"]
}

test_hint_names_the_teams if {
	some denial in denials("approver in another team")
	contains(denial.hint, "identity or security")
}

_change(at) := _event("base_ref_changed", at)

_event(kind, at) := {"id": 1, "kind": kind, "actor": "dana", "at": at}

package admission_test

import data.admission

_request := {
	"now": "2030-01-01T12:00:00Z",
	"pull_request": {
		"repository": "acme/access",
		"number": 7,
		"url": "https://github.example/acme/access/pull/7",
		"state": "open",
		"merged": false,
		"draft": false,
		"author": "dana",
		"head_sha": "aaa",
		"head_repo": "acme/access",
		"base_ref": "main",
		"default_branch": "main",
	},
	"reviews": [_review(1, "grace", "APPROVED", "aaa", "2030-01-01T11:00:00Z")],
	"files": [{"path": "access/alpha.yaml", "status": "added"}],
	"access_dir": "access",
	"request": {
		"account": "svc-a@acme.example",
		"elevation_role": "READ_ONLY_ADMIN",
		"window_seconds": 900,
		"name": "alpha",
		"ticket": "OPS-1",
		"reason": "nightly export",
	},
	"settings": {"max_window_seconds": 1800, "elevation_role_allowed": true, "max_approval_age_seconds": 86400},
}

_review(id, user, state, commit, at) := {
	"id": id,
	"user": user,
	"user_type": "User",
	"state": state,
	"commit_id": commit,
	"submitted_at": at,
}

_at := "2030-01-01T11:30:00Z"

_reviews(list) := {"reviews": array.concat(_request.reviews, list)}

_only(review) := {"reviews": [review]}

_pull(patch) := {"pull_request": patch}

_file(patch) := {"files": [object.union(_request.files[0], patch)]}

cases := {name: {"input": object.union(_request, patch), "want": want} |
	some name, [patch, want] in {
		"admitted": [{}, set()],
		"closed": [_pull({"state": "closed"}), {"pull_request_open"}],
		"merged": [_pull({"state": "closed", "merged": true}), {"pull_request_open"}],
		"draft": [_pull({"draft": true}), {"not_draft"}],
		"fork": [_pull({"head_repo": "eve/access"}), {"not_a_fork"}],
		"deleted fork": [_pull({"head_repo": ""}), {"not_a_fork"}],
		"other base": [_pull({"base_ref": "release"}), {"default_branch"}],
		"no head": [object.union(_pull({"head_sha": ""}), _only(object.union(_request.reviews[0], {"commit_id": ""}))), {"facts_complete"}],
		"no review": [{"reviews": []}, {"approved"}],
		"comment only": [_only(_review(1, "grace", "COMMENTED", "aaa", _at)), {"approved"}],
		"comment after approval": [_reviews([_review(2, "grace", "COMMENTED", "aaa", _at)]), set()],
		"pending after approval": [_reviews([_review(2, "grace", "PENDING", "aaa", _at)]), set()],
		"dismissed after approval": [_reviews([_review(2, "Grace", "DISMISSED", "aaa", _at)]), {"approved"}],
		"unknown state after approval": [_reviews([_review(2, "grace", "RETRACTED", "aaa", _at)]), {"approved"}],
		"changes requested after approval": [
			_reviews([_review(2, "grace", "CHANGES_REQUESTED", "aaa", _at)]),
			{"approved", "no_changes_requested"},
		],
		"changes requested by another": [_reviews([_review(2, "ada", "CHANGES_REQUESTED", "old", _at)]), {"no_changes_requested"}],
		"changes requested, then approved": [
			{"reviews": [
				_review(1, "grace", "CHANGES_REQUESTED", "aaa", _at),
				_review(2, "grace", "APPROVED", "aaa", _at),
			]},
			set(),
		],
		"approved, then pushed": [_only(_review(1, "grace", "APPROVED", "old", _at)), {"approved"}],
		"approved by the author": [_only(_review(1, "Dana", "APPROVED", "aaa", _at)), {"approved"}],
		"approved by a bot": [_only(object.union(_request.reviews[0], {"user_type": "Bot"})), {"approved"}],
		"approved by nobody": [_only(_review(1, "", "APPROVED", "aaa", _at)), {"approved"}],
		"one approval counts, another does not": [_reviews([_review(2, "ada", "APPROVED", "old", _at)]), set()],
		"approval at the greatest age": [_only(_review(1, "grace", "APPROVED", "aaa", "2029-12-31T12:00:00Z")), set()],
		"approval a second too old": [_only(_review(1, "grace", "APPROVED", "aaa", "2029-12-31T11:59:59Z")), {"approved"}],
		"approval a part of a second too old": [_only(_review(1, "grace", "APPROVED", "aaa", "2029-12-31T11:59:59.5Z")), {"approved"}],
		"approval ahead within the skew": [_only(_review(1, "grace", "APPROVED", "aaa", "2030-01-01T12:05:00Z")), set()],
		"approval ahead of the skew": [_only(_review(1, "grace", "APPROVED", "aaa", "2030-01-01T12:05:01Z")), {"approved"}],
		"approval without a time": [_only(_review(1, "grace", "APPROVED", "aaa", "0001-01-01T00:00:00Z")), {"approved"}],
		"approval without a time beside one that counts": [
			_reviews([_review(2, "ada", "APPROVED", "aaa", "0001-01-01T00:00:00Z")]),
			set(),
		],
		"comment without a time": [_reviews([_review(2, "grace", "PENDING", "aaa", "0001-01-01T00:00:00Z")]), set()],
		"no files": [{"files": []}, {"one_manifest"}],
		"two manifests": [
			{"files": [_request.files[0], {"path": "access/beta.yml", "status": "modified"}]},
			{"one_manifest"},
		],
		"a stray file": [
			{"files": [_request.files[0], {"path": ".github/workflows/x.yaml", "status": "added"}]},
			{"one_manifest", "only_a_manifest"},
		],
		"a folder below": [_file({"path": "access/sub/alpha.yaml"}), {"only_a_manifest"}],
		"a folder of like name": [_file({"path": "access-x/alpha.yaml"}), {"only_a_manifest"}],
		"not YAML": [_file({"path": "access/alpha.json"}), {"only_a_manifest"}],
		"hidden": [_file({"path": "access/.yaml"}), {"only_a_manifest"}],
		"settings": [_file({"path": "access/Settings.yml"}), {"only_a_manifest"}],
		"removed": [_file({"status": "removed"}), {"only_a_manifest"}],
		"renamed within": [_file({"status": "renamed", "previous_path": "access/old.yaml"}), set()],
		"renamed from outside": [_file({"status": "renamed", "previous_path": "README.md"}), {"only_a_manifest"}],
		"renamed from the settings": [_file({"status": "renamed", "previous_path": "access/settings.yaml"}), {"only_a_manifest"}],
		"window at the ceiling": [{"request": {"window_seconds": 1800}}, set()],
		"window over the ceiling": [{"request": {"window_seconds": 1801}}, {"window_ceiling"}],
		"no window": [{"request": {"window_seconds": 0}}, {"window_ceiling"}],
		"role not allowed": [{"settings": {"elevation_role_allowed": false}}, {"elevation_role"}],
		"no reason": [{"request": {"reason": " "}}, {"request_complete"}],
		"no ticket": [{"request": {"ticket": ""}}, {"request_complete"}],
	}
}

_admitted := {name: case | some name, case in cases; case.want == set()}

_denied := {name: case | some name, case in cases; case.want != set()}

test_denials[name] if {
	some name, case in cases
	decision := admission.decision with input as case.input
	{denial.rule | some denial in decision.denials} == case.want
}

test_allowed_where_nothing_denies[name] if {
	some name, case in _admitted
	decision := admission.decision with input as case.input
	decision.allow
}

test_not_allowed_where_something_denies[name] if {
	some name, case in _denied
	decision := admission.decision with input as case.input
	not decision.allow
}

test_every_denial_says_what_was_seen_and_what_mends_it[name] if {
	some name, case in cases
	decision := admission.decision with input as case.input
	every denial in decision.denials {
		denial.msg != ""
		denial.hint != ""
		denial.field != ""
	}
}

test_approvers_and_latest_approval if {
	decision := admission.decision with input as object.union(_request, _reviews([
		_review(2, "ada", "APPROVED", "aaa", _at),
		_review(3, "eve", "APPROVED", "old", "2030-01-01T11:45:00Z"),
	]))
	decision.approvers == ["ada", "grace"]
	decision.approved_at == _at
}

test_no_approval_has_no_time if {
	decision := admission.decision with input as object.union(_request, {"reviews": []})
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
	decision := admission.decision with input as cases["approved, then pushed"].input
	some denial in decision.denials
	contains(denial.msg, "commit old")
	contains(denial.msg, "head is aaa")
}

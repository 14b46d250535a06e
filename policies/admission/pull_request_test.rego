package admission_test

_pull(patch) := {"pull_request": patch}

_merged(patch) := object.union(
	{
		"pull_request": {"state": "closed", "merged": true},
		"manifest": {"default_sha256": "m1"},
	},
	patch,
)

_no_head := object.union(_pull({"head_sha": ""}), {
	"reviews": [review(1, "grace", "APPROVED", "", "2030-01-01T11:55:00Z")],
	"pushes": [push(1, "dana", "push", "")],
})

_pull_request_cases := {
	"started by hand": [{"trigger": "workflow_dispatch"}, set()],
	"started outside Actions": [{"trigger": ""}, set()],
	"started by a comment": [{"trigger": "issue_comment"}, set()],
	"started by a merge": [{"trigger": "push"}, set()],
	"started by pull_request_target": [{"trigger": "pull_request_target"}, {"trigger"}],
	"planned by pull_request_target": [{"trigger": "pull_request_target", "plan": true}, {"trigger"}],
	"started by a review": [{"trigger": "pull_request_review"}, {"trigger"}],
	"started by a review, which the settings allow": [
		{"trigger": "pull_request_review", "settings": {"direct_review": true}},
		set(),
	],
	"planned by a review": [{"trigger": "pull_request_review", "plan": true}, set()],
	"started by a pull request": [{"trigger": "pull_request"}, {"trigger"}],
	"planned by a pull request": [{"trigger": "pull_request", "plan": true}, set()],
	"closed": [_pull({"state": "closed"}), {"pull_request_open"}],
	"of an unknown state": [_pull({"state": "locked"}), {"pull_request_open"}],
	"merged": [_merged({}), set()],
	"merged, which is required": [_merged({"settings": {"merge": "required"}}), set()],
	"open, and merge is required": [{"settings": {"merge": "required"}}, {"pull_request_open"}],
	"merge is what nobody knows": [{"settings": {"merge": "maybe"}}, {"pull_request_open"}],
	"merged, and changed since": [_merged({"manifest": {"default_sha256": "m2"}}), {"merged_manifest"}],
	"merged, and removed since": [_merged({"manifest": {"default_sha256": ""}}), {"merged_manifest"}],
	"a bot asks": [_pull({"author": "renovate[bot]", "author_type": "Bot"}), {"author_is_a_person"}],
	"nobody knows who asks": [_pull({"author_type": ""}), {"author_is_a_person"}],
	"draft": [_pull({"draft": true}), {"not_draft"}],
	"fork": [object.union(_pull({"head_repo": "eve/access"}), {"pushes": []}), {"not_a_fork"}],
	"deleted fork": [object.union(_pull({"head_repo": ""}), {"pushes": []}), {"not_a_fork"}],
	"other base": [_pull({"base_ref": "release"}), {"default_branch"}],
	"no head": [_no_head, {"facts_complete"}],
}

_rules_are(patch) := {"rules": patch}

_unprotected := {"pull_request": false, "approvals": 0, "protected": false}

_repository_cases := {
	"no pull request required": [_rules_are({"pull_request": false}), {"branch_rules"}],
	"no approval required": [_rules_are({"approvals": 0}), {"branch_rules"}],
	"classic protection, and rulesets wanted": [
		_rules_are({"pull_request": false, "approvals": 0}),
		{"branch_rules"},
	],
	"classic protection": [
		{"rules": {"pull_request": false, "approvals": 0}, "settings": {"branch_protection": "classic"}},
		set(),
	],
	"rulesets, and classic protection would do": [
		{"rules": {"protected": false}, "settings": {"branch_protection": "classic"}},
		set(),
	],
	"classic protection wanted and none there": [
		{"rules": _unprotected, "settings": {"branch_protection": "classic"}},
		{"branch_rules"},
	],
	"no protection wanted": [{"rules": _unprotected, "settings": {"branch_protection": "none"}}, set()],
	"protection is what nobody knows": [{"settings": {"branch_protection": "some"}}, {"branch_rules"}],
	"an error in CODEOWNERS": [
		{"owners_errors": [{"path": ".github/CODEOWNERS", "line": 3, "kind": "Unknown owner", "message": "no such team"}]},
		{"code_owners"},
	],
}

test_no_protection_is_not_a_pass if outcomes("no protection wanted").branch_rules == "not_applicable"

test_an_error_in_codeowners_names_its_place if {
	some denial in denials("an error in CODEOWNERS")
	startswith(denial.msg, ".github/CODEOWNERS:3: ")
}

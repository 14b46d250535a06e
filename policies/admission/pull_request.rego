package admission

# What started the run, the pull request, and the repository that it is in.

_found contains denial if {
	input.trigger == "pull_request_target"
	denial := _deny(
		"trigger",
		"trigger",
		"the run was started by pull_request_target, which has the secrets of the repository at hand while a stranger's pull request is",
		"Start it by workflow_run, issue_comment, workflow_dispatch, schedule or push.",
	)
}

_found contains denial if {
	input.trigger == "pull_request_review"
	not input.plan
	not input.settings.direct_review
	denial := _deny(
		"trigger",
		"trigger",
		"the run was started by pull_request_review, whose workflow file the pull request itself can change",
		"Start it by workflow_run from the default branch, or set admission.directReview in the settings there.",
	)
}

_found contains denial if {
	not input.trigger in {
		"",
		"issue_comment",
		"pull_request_review",
		"pull_request_target",
		"push",
		"schedule",
		"workflow_dispatch",
		"workflow_run",
	}
	not input.plan
	denial := _deny(
		"trigger",
		"trigger",
		$"the run was started by \"{input.trigger}\", on which nothing is carried out",
		"Start it by workflow_run, issue_comment, workflow_dispatch, schedule or push.",
	)
}

_found contains denial if {
	some field in ["repository", "author", "head_sha", "head_ref", "default_branch"]
	input.pull_request[field] == ""
	denial := _deny(
		"facts_complete",
		$"pull_request.{field}",
		$"GitHub did not say the {field} of the pull request",
		"Run again; if it stays so, look at the permissions of the token that reads the repository.",
	)
}

_found contains denial if {
	input.pull_request.state != "open"
	not input.pull_request.merged
	denial := _deny(
		"pull_request_open",
		"pull_request.state",
		$"the pull request is {input.pull_request.state}, and not merged",
		"Open a new pull request.",
	)
}

_found contains denial if {
	input.pull_request.state == "open"
	input.settings.merge != "allowed"
	denial := _deny(
		"pull_request_open",
		"pull_request.merged",
		"the pull request is not merged, and the settings admit merged ones only",
		"Merge it.",
	)
}

_found contains denial if {
	not input.settings.merge in {"allowed", "required"}
	denial := _deny(
		"pull_request_open",
		"settings.merge",
		$"the settings have \"{input.settings.merge}\" for merge, which is not known",
		"Set admission.merge in the settings to allowed or required.",
	)
}

_found contains denial if {
	input.action == "elevate"
	input.manifest.default_sha256 != input.manifest.sha256
	denial := _deny(
		"merged_manifest",
		"manifest",
		$"the pull request is merged, and \"{input.manifest.path}\" on \"{input.pull_request.default_branch}\" is not what was approved",
		"Open a new pull request for what is to be carried out.",
	)
}

_found contains denial if {
	input.action == "end"
	input.manifest.default_sha256 != ""
	denial := _deny(
		"merged_manifest",
		"manifest",
		$"the pull request is merged, and \"{input.manifest.path}\" is on \"{input.pull_request.default_branch}\" all the same",
		"Open a new pull request that removes it.",
	)
}

# What a bot asks for is somebody's: whoever can start a workflow can have it ask, and could then approve it.
_found contains denial if {
	input.pull_request.author_type != "User"
	denial := _deny(
		"author_is_a_person",
		"pull_request.author_type",
		$"\"{input.pull_request.author}\" of type \"{input.pull_request.author_type}\" asks for it: nobody can tell who had it ask",
		"Have a person open the pull request.",
	)
}

_found contains denial if {
	input.pull_request.draft
	denial := _deny(
		"not_draft",
		"pull_request.draft",
		"the pull request is a draft",
		"Mark it as ready for review, and have it approved again if its head moved.",
	)
}

_found contains denial if {
	input.pull_request.head_repo != input.pull_request.repository
	denial := _deny(
		"not_a_fork",
		"pull_request.head_repo",
		$"the head is in \"{input.pull_request.head_repo}\", not in \"{input.pull_request.repository}\"",
		"Push the branch to the repository itself.",
	)
}

_found contains denial if {
	input.pull_request.base_ref != input.pull_request.default_branch
	denial := _deny(
		"default_branch",
		"pull_request.base_ref",
		$"the pull request goes to \"{input.pull_request.base_ref}\"; requests go to \"{input.pull_request.default_branch}\"",
		"Change the base branch of the pull request.",
	)
}

# The rules of the default branch. A classic branch protection shows that it is there, and not what it requires.

_found contains denial if {
	not _protected
	denial := _deny(
		"branch_rules",
		"rules",
		$"\"{input.pull_request.default_branch}\" is not protected: no rule requires a pull request with an approval",
		"Add a ruleset for the default branch that requires a pull request and an approval, or say in the settings what protects it: admission.branchProtection.",
	)
}

_protected if {
	input.settings.branch_protection in {"ruleset", "classic"}
	input.rules.pull_request
	input.rules.approvals >= 1
}

_protected if {
	input.settings.branch_protection == "classic"
	input.rules.protected
}

_found contains denial if {
	some error in input.owners_errors
	denial := _deny(
		"code_owners",
		"owners_errors",
		$"{error.path}:{error.line}: GitHub does not understand the line, and so does not enforce it: {error.message}",
		$"Mend {error.path} on the default branch.",
	)
}

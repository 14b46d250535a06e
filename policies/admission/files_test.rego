package admission_test

_file(patch) := {"files": [object.union(base.files[0], patch)]}

_file_cases := {
	"no files": [{"files": [], "manifest": {"path": ""}}, {"one_manifest"}],
	"two manifests": [
		{"files": [base.files[0], {"path": "access/beta.yml", "status": "modified"}]},
		{"one_manifest"},
	],
	"a stray file": [
		{"files": [base.files[0], {"path": ".github/workflows/x.yaml", "status": "added"}]},
		{"one_manifest", "only_a_manifest"},
	],
	"a rule of the repository's own": [_file({"path": "access/rules/x.rego"}), {"only_a_manifest"}],
	"a folder below": [_file({"path": "access/sub/alpha.yaml"}), {"only_a_manifest"}],
	"a folder of like name": [_file({"path": "access-x/alpha.yaml"}), {"only_a_manifest"}],
	"a folder whose name is as long": [_file({"path": "accent/alpha.yaml"}), {"only_a_manifest"}],
	"not YAML": [_file({"path": "access/alpha.json"}), {"only_a_manifest"}],
	"hidden": [_file({"path": "access/.yaml"}), {"only_a_manifest"}],
	"settings": [_file({"path": "access/settings.yaml"}), {"only_a_manifest"}],
	"settings by another name": [_file({"path": "access/Settings.yml"}), {"only_a_manifest"}],
	"a look-alike": [_file({"path": "access/аlpha.yaml"}), {"only_a_manifest"}],
	"capital letters": [_file({"path": "access/Alpha.yaml"}), {"only_a_manifest"}],
	"a blank": [_file({"path": "access/alpha .yaml"}), {"only_a_manifest"}],
	"a line break": [_file({"path": "access/alpha\n.yaml"}), {"only_a_manifest"}],
	"removed, and something is asked for": [_file({"status": "removed"}), {"only_a_manifest"}],
	"of an unknown status": [_file({"status": "moved"}), {"only_a_manifest"}],
	"renamed within": [_file({"status": "renamed", "previous_path": "access/old.yaml"}), set()],
	"renamed from outside": [_file({"status": "renamed", "previous_path": "README.md"}), {"only_a_manifest"}],
	"renamed from the settings": [_file({"status": "renamed", "previous_path": "access/settings.yaml"}), {"only_a_manifest"}],
	"renamed from a look-alike": [_file({"status": "renamed", "previous_path": "access/Alpha.yaml"}), {"only_a_manifest"}],
	"in the root": [object.union({"access_dir": "."}, _file({"path": "alpha.yaml"})), set()],
	"below the root": [object.union({"access_dir": "."}, _file({"path": "x/alpha.yaml"})), {"only_a_manifest"}],
}

test_a_stray_file_is_told_one_thing if {
	every name in ["not YAML", "a folder below", "a folder of like name"] {
		[denial] = denials(name)
		contains(denial.msg, "lies directly in")
	}
}

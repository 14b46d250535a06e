package admission

# What the pull request changes.

_found contains denial if {
	some file in input.files
	some why in _strays[file]
	denial := _deny(
		"only_a_manifest",
		"files",
		$"\"{file.path}\" {why}",
		$"Leave one manifest in \"{input.access_dir}\" in this pull request, added, changed or removed, and put the rest into another.",
	)
}

_found contains denial if {
	count(input.files) != 1
	denial := _deny(
		"one_manifest",
		"files",
		$"the pull request changes {count(input.files)} files",
		$"Change exactly one manifest in \"{input.access_dir}\".",
	)
}

_strays[file] contains $"is not a .yaml or .yml file that lies directly in \"{input.access_dir}\"" if {
	some file in input.files
	not _manifest(file.path)
}

# A name that looks like another's, and is not the same, is no name for a manifest.
_strays[file] contains "has a name of other characters than a to z, 0 to 9, dot, hyphen and underscore" if {
	some file in input.files
	_manifest(file.path)
	not _plain(file.path)
}

_strays[file] contains "is the settings, which no request may change" if {
	some file in input.files
	_settings(file.path)
}

_strays[file] contains $"is {file.status}, which a request cannot be" if {
	some file in input.files
	not file.status in _statuses
}

_strays[file] contains $"comes from \"{file.previous_path}\", which is not a manifest" if {
	some file in input.files
	_foreign(object.get(file, "previous_path", ""))
}

_statuses := {"removed"} if input.action == "end"

_statuses := {"added", "changed", "copied", "modified", "renamed"} if input.action != "end"

_foreign(path) if {
	path != ""
	not _manifest(path)
}

_foreign(path) if {
	_manifest(path)
	not _plain(path)
}

_foreign(path) if _settings(path)

_manifest(path) if regex.match(`^[^.].*\.ya?ml$`, _name(path))

_plain(path) if regex.match(`^[a-z0-9_-][a-z0-9._-]*$`, _name(path))

# The name of a file that lies directly in the access directory.
_name(path) := name if {
	startswith(path, _prefix)
	name := substring(path, count(_prefix), -1)
	not contains(name, "/")
}

_prefix := "" if input.access_dir == "."

_prefix := $"{input.access_dir}/" if input.access_dir != "."

_settings(path) if regex.match(`(?i)^settings\.ya?ml$`, _name(path))

package runneremu

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Metadata is what the runner reads in the action.yml of a container action.
type Metadata struct {
	Inputs         []Input // in the order of the file
	Outputs        []string
	Image          string
	Entrypoint     string
	PostEntrypoint string
	Args           []string
	Env            map[string]string
}

// Input is an input that the action declares.
type Input struct{ Name, Default, Deprecation string }

// ReadMetadata reads an action.yml. Source: ActionManifestManager.cs.
func ReadMetadata(data []byte) (Metadata, error) {
	var file struct {
		Inputs  yaml.Node
		Outputs yaml.Node
		Runs    struct {
			Using, Image, Entrypoint string
			PreEntrypoint            string `yaml:"pre-entrypoint"`
			PostEntrypoint           string `yaml:"post-entrypoint"`
			Args                     []string
			Env                      map[string]string
		}
	}
	fail := func(err error) (Metadata, error) { return Metadata{}, fmt.Errorf("reading action.yml: %w", err) }
	if err := yaml.Unmarshal(data, &file); err != nil {
		return fail(err)
	}
	switch {
	case file.Runs.Using != "docker":
		return fail(fmt.Errorf("runs.using is %q: this is of container actions", file.Runs.Using))
	case file.Runs.Image == "":
		return fail(errors.New("runs.image is missing"))
	case file.Runs.PreEntrypoint != "":
		return fail(errors.New("there is a pre-entrypoint, which is not emulated"))
	}
	m := Metadata{
		Image: file.Runs.Image, Entrypoint: file.Runs.Entrypoint, PostEntrypoint: file.Runs.PostEntrypoint, Args: file.Runs.Args, Env: file.Runs.Env,
	}
	for i := 0; i+1 < len(file.Inputs.Content); i += 2 {
		var input struct {
			Default     string
			Deprecation string `yaml:"deprecationMessage"`
		}
		if err := file.Inputs.Content[i+1].Decode(&input); err != nil {
			return fail(err)
		}
		m.Inputs = append(m.Inputs, Input{Name: file.Inputs.Content[i].Value, Default: input.Default, Deprecation: input.Deprecation})
	}
	for i := 0; i+1 < len(file.Outputs.Content); i += 2 {
		m.Outputs = append(m.Outputs, file.Outputs.Content[i].Value)
	}
	return m, nil
}

// expression is the one form of expressions that is evaluated: a value of a context.
var expression = regexp.MustCompile(`\$\{\{\s*(?:(github|inputs)\.([A-Za-z_][A-Za-z0-9_-]*)\s*)?(.*?)\}\}`)

// expand evaluates the expressions in a value of action.yml.
func expand(text string, contexts map[string]map[string]string) (string, error) {
	var failed error
	out := expression.ReplaceAllStringFunc(text, func(found string) string {
		m := expression.FindStringSubmatch(found)
		values, known := contexts[m[1]]
		if !known || strings.TrimSpace(m[3]) != "" {
			failed = fmt.Errorf("expression %q is not one that is emulated here", found)
			return ""
		}
		return values[m[2]]
	})
	return out, failed
}

// inputs are the values of the action's inputs, and what the runner warns of. Inputs that the action does not declare are handed to it all
// the same. Source: ActionRunner.cs.
func (m Metadata) inputs(with, github map[string]string) (values map[string]string, warnings []string, err error) {
	values = map[string]string{}
	var known []string
	for _, input := range m.Inputs {
		known = append(known, strings.ToLower(input.Name))
		if values[input.Name], err = expand(input.Default, map[string]map[string]string{"github": github}); err != nil {
			return nil, nil, fmt.Errorf("input %q: %w", input.Name, err)
		}
	}
	known = append(known, "entrypoint", "args") // of a container action
	var unexpected []string
	for name, value := range with {
		i := slices.IndexFunc(m.Inputs, func(i Input) bool { return strings.EqualFold(i.Name, name) })
		switch {
		case i < 0:
			values[name] = value
			if !slices.Contains(known, strings.ToLower(name)) {
				unexpected = append(unexpected, name)
			}
			continue
		case m.Inputs[i].Deprecation != "":
			warnings = append(warnings, fmt.Sprintf("Input '%s' has been deprecated with message: %s", name, m.Inputs[i].Deprecation))
		}
		values[m.Inputs[i].Name] = value
	}
	if slices.Sort(unexpected); len(unexpected) > 0 {
		warnings = append(warnings, fmt.Sprintf("Unexpected input(s) '%s', valid inputs are ['%s']", strings.Join(unexpected, "', '"), strings.Join(known, "', '")))
	}
	return values, warnings, nil
}

package posture

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// workflow is what of a workflow file matters here.
type workflow struct {
	path        string
	events      []string
	permissions string // "" where there is no such key at the top; "some" where it is a mapping
	jobs        []job
}

type job struct {
	name        string
	environment string
	concurrency string   // "" none, "waits", "cancels", "computed"
	actions     []string // what its steps use
	commands    []string // of the steps that use stepdown
	stepdown    bool
	called      bool // it is a workflow that is called, which is not read
	secrets     bool // it names a secret other than the job's own token
}

// uses tells whether a job runs stepdown.
func (w workflow) uses() bool {
	return slices.ContainsFunc(w.jobs, func(j job) bool { return j.stepdown })
}

// parseWorkflow reads a workflow file loosely: what is of another form than expected is not there, which the checks take for
// the worst.
func parseWorkflow(f File) (workflow, error) {
	var doc map[string]any
	if err := yaml.Unmarshal([]byte(f.Content), &doc); err != nil {
		return workflow{}, errors.New("it is not YAML that can be read")
	}
	jobs, ok := doc["jobs"].(map[string]any)
	if !ok {
		return workflow{}, errors.New("it has no jobs that can be read")
	}
	w := workflow{path: f.Path, events: names(doc["on"])}
	switch p := doc["permissions"].(type) {
	case string:
		w.permissions = p
	case map[string]any:
		w.permissions = "some"
	}
	for _, name := range slices.Sorted(maps.Keys(jobs)) {
		body, ok := jobs[name].(map[string]any)
		if !ok {
			return workflow{}, fmt.Errorf("its job %q cannot be read", name)
		}
		j := parseJob(name, body)
		if j.concurrency == "" {
			j.concurrency = concurrency(doc["concurrency"])
		}
		if env, ok := doc["env"]; ok && namesSecret(env) {
			j.secrets = true
		}
		w.jobs = append(w.jobs, j)
	}
	return w, nil
}

func parseJob(name string, body map[string]any) job {
	j := job{name: name, concurrency: concurrency(body["concurrency"]), secrets: namesSecret(body)}
	switch e := body["environment"].(type) {
	case string:
		j.environment = e
	case map[string]any:
		j.environment, _ = e["name"].(string)
	}
	if called, ok := body["uses"].(string); ok {
		j.actions = append(j.actions, called)
		j.stepdown, j.called = isStepdown(called), true
	}
	steps, _ := body["steps"].([]any)
	for _, s := range steps {
		step, _ := s.(map[string]any)
		action, ok := step["uses"].(string)
		if !ok {
			continue
		}
		j.actions = append(j.actions, action)
		if !isStepdown(action) {
			continue
		}
		j.stepdown = true
		with, _ := step["with"].(map[string]any)
		command, _ := with["command"].(string)
		j.commands = append(j.commands, command)
	}
	return j
}

// isStepdown tells whether an action is this program, whoever has a copy of it.
func isStepdown(action string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(action, "docker://"), "@")
	if strings.HasPrefix(action, "docker://") {
		name, _, _ = strings.Cut(path.Base(name), ":")
		return strings.EqualFold(name, "stepdown")
	}
	parts := strings.Split(name, "/")
	return len(parts) > 1 && strings.EqualFold(parts[1], "stepdown") && parts[0] != "."
}

// concurrency says what a group does to the run before.
func concurrency(value any) string {
	switch c := value.(type) {
	case string:
		return "waits"
	case map[string]any:
		switch cancel := c["cancel-in-progress"].(type) {
		case nil:
			return "waits"
		case bool:
			if !cancel {
				return "waits"
			}
			return "cancels"
		default:
			return "computed"
		}
	}
	return ""
}

// names lists the events of the key on: one, a list or a mapping.
func names(value any) []string {
	switch on := value.(type) {
	case string:
		return []string{on}
	case []any:
		var all []string
		for _, event := range on {
			if name, ok := event.(string); ok {
				all = append(all, name)
			}
		}
		return all
	case map[string]any:
		return slices.Sorted(maps.Keys(on))
	}
	return nil
}

// namesSecret looks for an expression with a secret, at any depth. secrets as a whole, or by a computed name, is one.
func namesSecret(value any) bool {
	switch v := value.(type) {
	case string:
		text := regexp.MustCompile(`(?i)secrets\.GITHUB_TOKEN\b`).ReplaceAllString(v, "")
		return regexp.MustCompile(`(?is)\$\{\{.*\bsecrets\b.*\}\}`).MatchString(text) || v == "inherit"
	case []any:
		return slices.ContainsFunc(v, namesSecret)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), namesSecret)
	}
	return false
}

package runneremu

import (
	"cmp"
	"maps"
	"strings"
)

// runtimeToken stands for the token of the runner's own services, which every container action is given.
const runtimeToken = "eyJhbGciOiJub25lIn0.runner-emulator-runtime-token.0"

// fromContext are the names of the github context that become variables, and no others do. Source: GitHubContext.cs.
func fromContext() []string {
	return []string{
		"action", "action_path", "action_ref", "action_repository", "actor", "actor_id", "api_url", "base_ref", "env", "event_name", "event_path",
		"graphql_url", "head_ref", "job", "output", "path", "ref", "ref_name", "ref_protected", "ref_type", "repository", "repository_id",
		"repository_owner", "repository_owner_id", "retention_days", "run_attempt", "run_id", "run_number", "server_url", "sha", "state",
		"step_summary", "triggering_actor", "workflow", "workflow_ref", "workflow_sha", "workspace",
	}
}

// environment is what a stage is given: what the workflow and earlier steps have set, over it state and inputs, over it what the runner
// sets itself. Its arguments are the same in every stage. Source: ActionRunner.cs, Handler.cs, ContainerActionHandler.cs.
func (s *Step) environment(files commandFiles) (variables map[string]string, args, warnings []string, err error) {
	j := s.job
	j.mu.Lock()
	variables = maps.Clone(j.environment)
	j.mu.Unlock()
	maps.Copy(variables, s.env)
	for name, value := range s.state {
		variables["STATE_"+name] = value
	}
	inputs, warnings, err := j.action.inputs(s.with, j.github)
	if err != nil {
		return nil, nil, nil, err
	}
	for name, value := range inputs { // hyphens stay
		variables["INPUT_"+strings.ToUpper(strings.ReplaceAll(name, " ", "_"))] = value
	}
	contexts := map[string]map[string]string{"inputs": inputs}
	for name, text := range j.action.Env {
		value, err := expand(text, contexts)
		if err != nil {
			return nil, nil, nil, err
		}
		if _, set := variables[name]; !set {
			variables[name] = value
		}
	}
	for _, text := range j.action.Args {
		value, err := expand(text, contexts)
		if err != nil {
			return nil, nil, nil, err
		}
		args = append(args, value)
	}
	variables["HOME"] = j.temp("_github_home")
	github := maps.Clone(j.github)
	maps.Copy(github, files.paths)
	for _, name := range fromContext() {
		if value, known := github[name]; known {
			variables["GITHUB_"+strings.ToUpper(name)] = value
		}
	}
	maps.Copy(variables, map[string]string{
		"RUNNER_OS": "Linux", "RUNNER_ARCH": "X64", "RUNNER_NAME": cmp.Or(j.options.Name, "runner"), "RUNNER_ENVIRONMENT": "github-hosted", "RUNNER_TEMP": j.temp(),
		"RUNNER_TOOL_CACHE": "/opt/hostedtoolcache", "RUNNER_WORKSPACE": j.temp("..", "repository"),
		"ACTIONS_RUNTIME_URL": "https://pipelines.actions.example/", "ACTIONS_RUNTIME_TOKEN": runtimeToken,
		"ACTIONS_RESULTS_URL": "https://results-receiver.actions.example/", "ACTIONS_CACHE_URL": "https://artifactcache.actions.example/",
		"GITHUB_ACTIONS": "true", "CI": "true",
	})
	for name, value := range variables {
		variables[name] = j.translated(value)
	}
	return variables, args, warnings, nil
}

package action

// Context is what the runner says of the run, as it stands in the environment.
//
// What of it to trust, where a step before this one has set the same variable:
//   - GITHUB_ACTION, ACTOR, API_URL, EVENT_NAME, EVENT_PATH, JOB, REF, REPOSITORY, RUN_ATTEMPT, RUN_ID, SERVER_URL, SHA, WORKFLOW, WORKSPACE, OUTPUT,
//     STATE and STEP_SUMMARY, all with GITHUB_ before them, the runner sets last, as it does RUNNER_NAME, RUNNER_TEMP and the INPUT_ of every input of action.yml:
//     no step can.
//   - GITHUB_ACTION_REPOSITORY and GITHUB_ACTION_REF are likewise the runner's for an action that a workflow names by its repository. For one in a folder of
//     the workspace (uses: ./…) the runner sets neither, so that they are whatever a step before has left: for readers, and a reason for nothing.
//   - GITHUB_TOKEN is none of the runner's: whoever sets it says with whose rights GitHub is asked. The input github-token goes before it.
//   - RUNNER_DEBUG is the runner's only while debug logging is on. Nothing here heeds it but Debug.
//   - STATE_ variables are the runner's for what main has saved, and anybody's for what it has not: the ledger is what counts.
//   - GITHUB_ACTIONS the runner sets on the container's command line.
//
// Even of what is the runner's, nothing is a reason to give anybody anything: what the event says may be of a pull request that whoever can push has
// made. It says where to look; what is so is read through the API, at the address and of the repository that are the runner's.
// Sources: actions/runner, GitHubContext.cs (the list), ContainerActionHandler.cs (the order), ActionRunner.cs (the action's own); docs.github.com, "Variables reference".
type Context struct {
	Repository string // "owner/name"
	EventName  string // pull_request_review, workflow_run, schedule, workflow_dispatch, …
	EventPath  string // of the event's payload
	APIURL     string // https://api.github.com where the runner does not say
	ServerURL  string // https://github.com where the runner does not say
	RunID      string
	RunAttempt string
	Workspace  string
	Actor      string
	Ref        string
	SHA        string
	Workflow   string
	Job        string
	Runner     string // its name
	Temp       string // a directory that is emptied after the job
	Debug      bool   // debug logging is on

	ActionRepository string // of the action that runs: "owner/name"
	ActionRef        string // and the commit, tag or branch of it that the workflow names
}

// Context reads the environment.
func (r *Runner) Context() Context {
	or := func(value, otherwise string) string {
		if value == "" {
			return otherwise
		}
		return value
	}
	return Context{
		Repository: r.getenv("GITHUB_REPOSITORY"), EventName: r.getenv("GITHUB_EVENT_NAME"), EventPath: r.getenv("GITHUB_EVENT_PATH"),
		APIURL: or(r.getenv("GITHUB_API_URL"), "https://api.github.com"), ServerURL: or(r.getenv("GITHUB_SERVER_URL"), "https://github.com"),
		RunID: r.getenv("GITHUB_RUN_ID"), RunAttempt: r.getenv("GITHUB_RUN_ATTEMPT"), Workspace: r.getenv("GITHUB_WORKSPACE"),
		Actor: r.getenv("GITHUB_ACTOR"), Ref: r.getenv("GITHUB_REF"), SHA: r.getenv("GITHUB_SHA"), Workflow: r.getenv("GITHUB_WORKFLOW"),
		Job: r.getenv("GITHUB_JOB"), Runner: r.getenv("RUNNER_NAME"), Temp: r.getenv("RUNNER_TEMP"), Debug: r.getenv("RUNNER_DEBUG") == "1",
		ActionRepository: r.getenv("GITHUB_ACTION_REPOSITORY"), ActionRef: r.getenv("GITHUB_ACTION_REF"),
	}
}

// RunURL returns the address of the run's page, of this attempt where it is known, or "" outside Actions.
func (c Context) RunURL() string {
	if c.Repository == "" || c.RunID == "" {
		return ""
	}
	url := c.ServerURL + "/" + c.Repository + "/actions/runs/" + c.RunID
	if c.RunAttempt != "" {
		url += "/attempts/" + c.RunAttempt
	}
	return url
}

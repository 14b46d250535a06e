package github

// This file says which permission a route needs, so that a refusal tells the user what to give and where.

import (
	"fmt"
	"net/http"
	"strings"
)

// need is a permission as GitHub names it.
type need struct {
	name  string // such as "contents: read"
	where int
}

// Where a permission can be given.
const (
	inJob     = iota // `permissions:` of the job, for the workflow's own token
	inApp            // a repository permission that only a GitHub App's or a person's token can have
	inOrgApp         // the same of the organisation
	withToken        // every token has it for the repositories that it may see
)

// permission names what the token needs for a route, and where to give it.
func permission(resp *http.Response, e *Error, byApp bool) string {
	text, n := "", needOf(e.Method, e.Path)
	switch {
	case byApp && n.where == inOrgApp:
		text = fmt.Sprintf("the GitHub App needs the organisation permission %s: set it on the App's page, and have its installation accept it", n.name)
	case byApp && n.where != withToken:
		text = fmt.Sprintf("the GitHub App needs the repository permission %s: set it on the App's page, and have its installation accept it", n.name)
	case n.where == inJob:
		text = fmt.Sprintf("the job needs `permissions: %s`", n.name)
	case n.where == inApp:
		text = fmt.Sprintf("the token needs the repository permission %s, which a workflow's own token never has: give github-token a GitHub App's token", n.name)
	case n.where == inOrgApp:
		text = fmt.Sprintf("the token needs the organisation permission %s, which a workflow's own token never has: give github-token a GitHub App's token", n.name)
	default:
		text = fmt.Sprintf("it needs %s, which every token has for its own repositories: check that the token is one for this repository", n.name)
	}
	if accepted := oneLine(resp.Header.Get("X-Accepted-GitHub-Permissions"), 80); accepted != "" {
		text += fmt.Sprintf(" (GitHub asks for %s)", accepted)
	}
	return text
}

// needOf tells what a route needs. Source: docs.github.com, "Permissions required for GitHub Apps" and the page of each route;
// what a workflow's token can have: "Workflow syntax for GitHub Actions", permissions.
func needOf(method, path string) need {
	access := "read"
	if method != http.MethodGet {
		access = "write"
	}
	if strings.Contains(path, "/orgs/") {
		return need{"members: " + access, inOrgApp}
	}
	_, route, _ := strings.Cut(path, "/repos/")
	parts := append(strings.Split(route, "/"), "", "", "") // owner, name, section, …
	last := parts[len(parts)-4]
	switch parts[2] {
	case "pulls":
		return need{"pull-requests: " + access, inJob}
	case "commits":
		if last == "pulls" {
			return need{"pull-requests: read", inJob}
		}
		return need{"checks: read", inJob}
	case "check-runs":
		return need{"checks: " + access, inJob}
	case "issues":
		if strings.Contains(route, "/comments") || strings.HasSuffix(route, "/events") {
			return need{"pull-requests: " + access, inJob}
		}
		return need{"issues: " + access, inJob}
	case "environments":
		return need{"actions: " + access, inJob}
	case "actions":
		if parts[3] == "runs" {
			return need{"actions: " + access, inJob}
		}
		return need{"administration: " + access, inApp}
	case "collaborators", "rules", "":
		return need{"metadata: read", withToken}
	}
	return need{"contents: " + access, inJob}
}

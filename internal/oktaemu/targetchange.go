// Changes of role targets.

package oktaemu

import (
	"net/http"
	"slices"
	"time"
)

// maxTargets is how many targets an assignment takes before E0000093. Okta documents the error; the number is
// UNVERIFIED.
const maxTargets = 100

// ownAssignment finds the principal's own assignment of the path. One that comes through a group is changed at the group.
func (c *call) ownAssignment() (principal, assignment, *reply) {
	p, bad := c.principal()
	if bad != nil {
		return principal{}, assignment{}, bad
	}
	for _, a := range c.s.held[p] {
		if a.id == c.vars["assignment"] {
			return p, a, nil
		}
	}
	r := noAssignment(c.vars["assignment"])
	return principal{}, assignment{}, &r
}

// wantedTarget reads the target of the path, which must be of the kind that the role takes.
func (c *call) wantedTarget(kind string) (target, *reply) {
	fail := func(r reply) (target, *reply) { return target{}, &r }
	if id, ok := c.vars["target"]; ok {
		if _, there := c.s.groups.rows[id]; !there {
			return fail(notFound(id, "UserGroup"))
		}
		if !groupRole(kind) {
			return fail(wrongRoleType())
		}
		return target{groupID: id}, nil
	}
	if !appRole(kind) {
		return fail(wrongRoleType())
	}
	name := c.vars["name"]
	if id, ok := c.vars["app"]; ok {
		if a, there := c.s.apps.rows[id]; !there || a.name != name {
			return fail(notFound(id, "AppInstance"))
		}
		return target{appName: name, appID: id}, nil
	}
	if _, known := catalog()[name]; !known {
		return fail(notEmulated("app " + name + " in its catalog"))
	}
	return target{appName: name}, nil
}

// addTarget limits the role. A target that is there already is no error. An app takes the place of its instances, and
// an instance that of its app: both at once are not possible (Okta's document, "assigns an OIN app target"). The answer
// is 204, as recorded for users, but 200 for an app that a group gets: the document says so for that one alone.
func (c *call) addTarget() reply {
	p, a, bad := c.ownAssignment()
	if bad != nil {
		return *bad
	}
	wanted, bad := c.wantedTarget(a.kind)
	if bad != nil {
		return *bad
	}
	done := noContent()
	if p.kind == groupKind && wanted.groupID == "" && wanted.appID == "" {
		done.status = http.StatusOK
	}
	if slices.ContainsFunc(a.targets, wanted.same) {
		return done
	}
	kept := slices.DeleteFunc(slices.Clone(a.targets), func(t target) bool {
		return t.appName != "" && t.appName == wanted.appName && (t.appID == "") != (wanted.appID == "")
	})
	if len(kept) >= maxTargets {
		return errorReply(http.StatusBadRequest, "E0000093", "Target count limit exceeded")
	}
	wanted.created, wanted.seq = c.now, c.s.next()
	c.s.retarget(p, a.id, c.now, append(kept, wanted))
	return done
}

// deleteTarget refuses to take the last target, which would make the role one for everything. Okta documents that it
// "causes an exception"; which is UNVERIFIED, as is what it says of a target that is not there.
func (c *call) deleteTarget() reply {
	p, a, bad := c.ownAssignment()
	if bad != nil {
		return *bad
	}
	gone := target{groupID: c.vars["target"], appName: c.vars["name"], appID: c.vars["app"]}
	if !slices.ContainsFunc(a.targets, gone.same) {
		return notFound(orElse(gone.groupID, orElse(gone.appID, gone.appName)), "RoleTarget")
	}
	if len(a.targets) == 1 {
		return invalid("targets", "The last target of a role assignment can't be removed.")
	}
	c.s.retarget(p, a.id, c.now, slices.DeleteFunc(slices.Clone(a.targets), gone.same))
	return noContent()
}

// targetAllApps makes the role one for all apps again.
func (c *call) targetAllApps() reply {
	p, a, bad := c.ownAssignment()
	if bad != nil {
		return *bad
	}
	if !appRole(a.kind) {
		return wrongRoleType()
	}
	c.s.retarget(p, a.id, c.now, nil)
	return reply{status: http.StatusOK, header: http.Header{}}
}

// retarget gives the assignment other targets. Without any it is as good as new. That targets are not in the System Log
// is UNVERIFIED.
func (s *state) retarget(p principal, id string, now time.Time, targets []target) {
	held := slices.Clone(s.held[p])
	for i := range held {
		if held[i].id == id {
			held[i].targets = targets
			if len(targets) == 0 {
				held[i].created, held[i].lastUpdated = now, now
			}
		}
	}
	s.held[p] = held
}

// catalogApp is an app of Okta's catalog as targets show it.
type catalogApp struct{ displayName, description, category, website, signOn, updated string }

// catalog is the part of Okta's catalog that the emulator knows: the two that recorded traffic shows, and the other
// kinds of apps that an org makes itself, whose texts are UNVERIFIED.
func catalog() map[string]catalogApp {
	const day = "2017-06-20T02:25:02.000Z"
	return map[string]catalogApp{
		"oidc_client": {"OpenID Connect Client", "OpenID Connect Client", "OAUTH2", "http://openid.net/specs/openid-connect-core-1_0.html", "OPENID_CONNECT", day},
		"facebook": {
			"Facebook", "Giving people the power to share and make the world more open and connected.", "SOCIAL",
			"https://www.facebook.com/", "BROWSER_PLUGIN", "2021-03-18T17:37:56.000Z",
		},
		"bookmark":        {"Bookmark App", "Bookmark App", "OTHER", "", "BOOKMARK", day},
		"template_swa":    {"Template App", "Template App", "OTHER", "", "BROWSER_PLUGIN", day},
		"template_saml_2": {"Template SAML 2.0 App", "Template SAML 2.0 App", "OTHER", "", "SAML_2_0", day},
	}
}

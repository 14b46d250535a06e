// Group rules: /api/v1/groups/rules. An org keeps them and what hangs on them: which groups cannot hold roles. It does not
// evaluate their expressions, so nobody becomes a member by a rule. https://developer.okta.com/docs/api, "Group Rules"

package oktaemu

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func groupRuleRoutes() []route {
	const all, one = "/api/v1/groups/rules", "/api/v1/groups/rules/{rule}"
	const read, manage, cassette = "okta.groups.read", "okta.groups.manage", "TestAccResourceOktaGroupRule_crud/oie-00 id "
	return []route{
		{get, all, readGroups, read, []string{"limit", "after", "search", "expand"}, (*call).listGroupRules, inSpec("listGroupRules")},
		{post, all, writeGroups, manage, nil, (*call).createGroupRule, recorded(cassette + "3")},
		{get, one, readGroups, read, []string{"expand"}, (*call).getGroupRule, recorded(cassette + "5")},
		{put, one, writeGroups, manage, nil, (*call).putGroupRule, recorded(cassette + "36")},
		{del, one, writeGroups, manage, []string{"removeUsers"}, (*call).deleteGroupRule, recorded(cassette + "41")},
		{post, one + "/lifecycle/activate", writeGroups, manage, nil, (*call).activateGroupRule, recorded(cassette + "4")},
		{post, one + "/lifecycle/deactivate", writeGroups, manage, nil, (*call).deactivateGroupRule, recorded(cassette + "35")},
	}
}

// groupRule puts users whom an expression fits into groups.
type groupRule struct {
	id, name, expression string
	active               bool
	groups, excluded     []string // ids; what they name may have been deleted
	created, updated     time.Time
}

// hasRules tells whether a rule puts users into the group.
func (s *state) hasRules(groupID string) bool {
	for _, r := range s.groupRules.all() {
		if slices.Contains(r.groups, groupID) {
			return true
		}
	}
	return false
}

// valid tells whether the groups of the rule are all there. A rule is INVALID, and can only be read and deleted, once one
// was deleted (terraform-provider-okta#157, #250).
func (s *state) valid(r groupRule) bool {
	return !slices.ContainsFunc(r.groups, func(id string) bool { _, there := s.groups.rows[id]; return !there })
}

func (c *call) groupRuleBody(r groupRule) obj {
	status, valid := inactive, c.s.valid(r)
	switch {
	case !valid:
		status = "INVALID"
	case r.active:
		status = active
	}
	excluded := r.excluded
	if excluded == nil {
		excluded = []string{}
	}
	body := obj{
		"type": "group_rule", "id": r.id, "status": status, "name": r.name, "created": stamp(r.created), "lastUpdated": stamp(r.updated),
		"conditions": obj{
			"people":     obj{"users": obj{"exclude": excluded}, "groups": obj{"exclude": []string{}}},
			"expression": obj{"value": r.expression, "type": expressionType},
		},
		"actions": obj{"assignUserToGroups": obj{"groupIds": r.groups}}, "allGroupsValid": valid,
	}
	if c.query.Get("expand") != "" {
		names := obj{}
		for _, id := range r.groups {
			if g, there := c.s.groups.rows[id]; there {
				names[id] = g.name
			}
		}
		body["_embedded"] = obj{"groupIdToGroupNameMap": names}
	}
	return body
}

const expressionType = "urn:okta:expression:1.0"

// expandsNames refuses an expand that Okta does not document.
func (c *call) expandsNames() *reply {
	if asked := c.query.Get("expand"); asked != "" && asked != "groupIdToGroupNameMap" {
		r := notEmulated("expand=" + asked + " on group rules")
		return &r
	}
	return nil
}

func (c *call) groupRule() (groupRule, *reply) {
	r, ok := c.s.groupRules.rows[c.vars["rule"]]
	if !ok {
		bad := notFound(c.vars["rule"], "GroupRule") // UNVERIFIED: what Okta calls it
		return groupRule{}, &bad
	}
	return r, nil
}

func (c *call) listGroupRules() reply {
	if bad := c.expandsNames(); bad != nil {
		return *bad
	}
	search := strings.ToLower(c.query.Get("search"))
	var items []listed
	for seq, r := range c.s.groupRules.all() {
		if strings.Contains(strings.ToLower(r.name), search) {
			items = append(items, listed{seq, func() obj { return c.groupRuleBody(r) }})
		}
	}
	return c.linkPage(items, 50, 200)
}

func (c *call) getGroupRule() reply {
	r, bad := c.groupRule()
	if bad != nil {
		return *bad
	}
	if bad := c.expandsNames(); bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.groupRuleBody(r))
}

func invalidRule(cause string) *reply {
	r := errorReply(http.StatusBadRequest, "E0000001", "Api validation failed: validateRule", cause) // the subject is reported, the causes are UNVERIFIED
	return &r
}

// groupRuleInput gives the rule what the body says. A new rule's groups must be Okta's own and hold no role.
func (c *call) groupRuleInput(r groupRule) (groupRule, *reply) {
	given, bad := c.readObject()
	if bad != nil {
		return r, bad
	}
	conditions := object(given, "conditions")
	r.name, r.expression, r.updated = text(given, "name"), text(object(conditions, "expression"), "value"), c.now
	r.excluded = texts(object(conditions, "people", "users"), "exclude")
	groups := texts(object(given, "actions", "assignUserToGroups"), "groupIds")
	switch {
	case r.name == "" || len(r.name) > 50:
		return r, invalidRule("name: must have 1 to 50 characters")
	case text(given, "type") != "group_rule":
		return r, invalidRule("type: must be group_rule")
	case r.expression == "" || text(object(conditions, "expression"), "type") != expressionType:
		return r, invalidRule("conditions: needs an expression")
	case r.id != "" && !slices.Equal(groups, r.groups): // documented: actions cannot be changed
		return r, invalidRule("actions: cannot be changed")
	case len(groups) == 0:
		return r, invalidRule("actions: needs groups")
	}
	r.groups = groups
	for _, other := range c.s.groupRules.all() {
		if other.name == r.name && other.id != r.id {
			return r, invalidRule("name: is used by another rule")
		}
	}
	for _, id := range groups {
		if g, there := c.s.groups.rows[id]; !there || g.kind != oktaGroup || len(c.s.held[principal{groupKind, id}]) > 0 {
			return r, invalidRule("actions: users cannot be assigned by a rule to group " + id)
		}
	}
	return r, nil
}

func (c *call) createGroupRule() reply {
	r, bad := c.groupRuleInput(groupRule{created: c.now})
	if bad != nil {
		return *bad
	}
	seq := c.s.next()
	r.id = oktaID("0pr", r.name, strconv.Itoa(seq))
	c.s.groupRules.put(r.id, seq, r)
	return jsonReply(http.StatusOK, c.groupRuleBody(r))
}

// putGroupRule changes rules that are not ACTIVE, as documented.
func (c *call) putGroupRule() reply {
	r, bad := c.idleRule()
	if bad != nil {
		return *bad
	}
	if !c.s.valid(r) {
		return *invalidRule("the rule is INVALID")
	}
	if r, bad = c.groupRuleInput(r); bad != nil {
		return *bad
	}
	c.s.groupRules.put(r.id, 0, r)
	return jsonReply(http.StatusOK, c.groupRuleBody(r))
}

// idleRule finds the rule of the path, which must not be ACTIVE.
func (c *call) idleRule() (groupRule, *reply) {
	r, bad := c.groupRule()
	if bad == nil && r.active && c.s.valid(r) {
		bad = invalidRule("the rule is ACTIVE")
	}
	return r, bad
}

// deleteGroupRule refuses a rule that is ACTIVE (UNVERIFIED; clients deactivate it first). It has no member to remove.
func (c *call) deleteGroupRule() reply {
	r, bad := c.idleRule()
	if bad != nil {
		return *bad
	}
	if _, bad := c.flag("removeUsers", false); bad != nil {
		return *bad
	}
	c.s.groupRules.remove(r.id)
	return jsonReply(http.StatusAccepted, obj{})
}

func (c *call) activateGroupRule() reply { return c.setGroupRule(true) }

func (c *call) deactivateGroupRule() reply { return c.setGroupRule(false) }

func (c *call) setGroupRule(active bool) reply {
	r, bad := c.groupRule()
	if bad != nil {
		return *bad
	}
	if !c.s.valid(r) {
		return *invalidRule("the rule is INVALID")
	}
	if r.active && !active {
		c.s.logGroupRule(c.author(), "deactivated", "Deactivate group rule", r, c.now)
	}
	r.active = active
	c.s.groupRules.put(r.id, 0, r)
	return noContent()
}

// logGroupRule logs what Okta's list of event types has of rules: not that one was made, changed or deleted. Messages are
// UNVERIFIED.
func (s *state) logGroupRule(by author, what, message string, r groupRule, now time.Time) {
	s.log(by, now, event{kind: "group.user_membership.rule." + what, message: message, targets: []party{{id: r.id, kind: "Rule", alternateID: "unknown", name: r.name}}})
}

// invalidateRules logs which rules a group that is to be deleted leaves INVALID.
func (s *state) invalidateRules(by author, groupID string, now time.Time) {
	for _, r := range s.groupRules.all() {
		if s.valid(r) && slices.Contains(r.groups, groupID) {
			s.logGroupRule(by, "invalidate", "Invalidate group rule", r, now)
		}
	}
}

// Who may change users, groups and their schemas: the part of the table of rights.go that is about people. What a
// standard role may do is from help.okta.com, "admin comparison"; a custom role's permissions are those of
// developer.okta.com, "permissions". What is not named there has no right (UNVERIFIED, and narrow on purpose).

package oktaemu

const (
	createUsers     right = "create users"
	writeUsers      right = "write users" // profiles and credentials
	activateUsers   right = "activate users"
	deactivateUsers right = "deactivate users"
	suspendUsers    right = "suspend users"
	unsuspendUsers  right = "unsuspend users"
	unlockUsers     right = "unlock users"
	deleteUsers     right = "delete users"
	resetPasswords  right = "reset passwords"
	expirePasswords right = "expire passwords"
	resetFactors    right = "reset factors"
	createGroups    right = "create groups"
	writeGroups     right = "write groups"
	readSchemas     right = "read schemas"
	writeSchemas    right = "write schemas"
)

func peopleRules() map[right]rule {
	admins := []string{"ORG_ADMIN", "USER_ADMIN"}
	desk := append([]string{"HELP_DESK_ADMIN"}, admins...)
	lifecycle := func(one string) []string {
		return []string{"okta.users.manage", "okta.users.lifecycle.manage", "okta.users.lifecycle." + one}
	}
	credentials := func(one string) []string {
		return []string{"okta.users.manage", "okta.users.credentials.manage", "okta.users.credentials." + one}
	}
	return map[right]rule{
		createUsers:     {admins, []string{"okta.users.manage", "okta.users.create"}},
		writeUsers:      {admins, []string{"okta.users.manage", "okta.users.userprofile.manage"}},
		activateUsers:   {admins, lifecycle("activate")},
		deactivateUsers: {admins, lifecycle("deactivate")},
		suspendUsers:    {admins, lifecycle("suspend")},
		unsuspendUsers:  {admins, lifecycle("unsuspend")},
		unlockUsers:     {desk, lifecycle("unlock")},
		deleteUsers:     {admins, lifecycle("delete")},
		resetPasswords:  {desk, credentials("resetPassword")},
		expirePasswords: {desk, credentials("expirePassword")},
		resetFactors:    {desk, credentials("resetFactors")},
		createGroups:    {admins, []string{"okta.groups.manage", "okta.groups.create"}},
		writeGroups:     {admins, []string{"okta.groups.manage"}},
		readSchemas:     {[]string{"READ_ONLY_ADMIN", "ORG_ADMIN"}, nil},
		writeSchemas:    {nil, nil},
	}
}

// guarded answers why the caller may not change the user, if so. Custom roles cannot change what holds an admin role
// (developer.okta.com, "role assignment"); that no other role but super admin can is UNVERIFIED.
func (c *call) guarded(u user) *reply {
	if len(c.s.holdings(u.id)) == 0 || c.may(writeRoles) {
		return nil
	}
	r := forbidden()
	return &r
}

// guardedGroup is the same for a group.
func (c *call) guardedGroup(g group) *reply {
	if len(c.s.held[principal{groupKind, g.id}]) == 0 || c.may(writeRoles) {
		return nil
	}
	r := forbidden()
	return &r
}

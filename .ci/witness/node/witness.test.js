// Okta's SDK for Node.js as a client of an emulated org: `stepdown emulate`, started by this test out of the binary
// $STEPDOWN_WITNESS_BINARY with the org $STEPDOWN_WITNESS_ORG (testdata/orgs/acme.yaml). Each test asserts what was decoded.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

import okta from '@okta/okta-sdk-nodejs';

const token = '00token-of-the-node-witness';
const invoice = 'svc-invoice-export@acme.example';

let emulator;
let client;
let base;

before(async () => {
  emulator = spawn(process.env.STEPDOWN_WITNESS_BINARY,
    ['emulate', '--addr', '127.0.0.1:0', '--org', process.env.STEPDOWN_WITNESS_ORG, '--api-token', token],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: emulator.stdout })) {
    base = line.match(/^listening on (http:\S+)/)?.[1];
    if (base) break;
  }
  assert.ok(base, 'the emulator did not say where it listens');
  // No cache: the SDK would answer reads after writes out of it.
  client = new okta.Client({ orgUrl: base, token, testing: { disableHttpsCheck: true }, cacheMiddleware: null });
});

after(async () => {
  emulator.kill('SIGTERM');
  await once(emulator, 'exit');
});

const all = async (collection) => {
  const out = [];
  await (await collection).each((item) => { out.push(item); });
  return out;
};

const refused = (promise, status, code) => assert.rejects(promise, (error) => {
  assert.equal(error.status, status, String(error));
  assert.equal(error.errorCode, code);
  return true;
});

const user = (userId = invoice) => client.userApi.getUser({ userId });
const group = async (name) => (await all(client.groupApi.listGroups())).find((g) => g.profile.name === name);
const customRole = async (label) => (await client.customRoleApi.listRoles()).roles.find((r) => r.label === label);
const resourceSet = async (label) => (await client.resourceSetApi.listResourceSets()).resource_sets.find((s) => s.label === label);
const rolesOf = async (userId) => all(client.roleAssignmentApi.listAssignedRolesForUser({ userId }));

test('users', async () => {
  const me = await user('me');
  assert.equal(me.profile.login, 'ada.admin@acme.example');
  const one = await user();
  assert.equal(one.status, 'ACTIVE');
  assert.equal(one.profile.firstName, 'Invoice');
  assert.ok(one.created instanceof Date && !Number.isNaN(one.created.valueOf()), `created ${one.created}`);
  const listed = await all(client.userApi.listUsers({ limit: 2 })); // several pages
  assert.equal(listed.length, 12);
  assert.equal(new Set(listed.map((u) => u.id)).size, 12);
  await refused(user('nobody'), 404, 'E0000007');
});

test('groups', async () => {
  const finance = await group('Finance');
  assert.equal(finance.type, 'OKTA_GROUP');
  assert.equal((await client.groupApi.getGroup({ groupId: finance.id })).profile.description, 'People of the finance department');
  const { id } = await user();
  await client.groupApi.assignUserToGroup({ groupId: finance.id, userId: id });
  const logins = async () => (await all(client.groupApi.listGroupUsers({ groupId: finance.id }))).map((u) => u.profile.login).sort();
  assert.deepEqual(await logins(), ['dana.ops@acme.example', invoice]);
  assert.ok((await all(client.userApi.listUserGroups({ userId: id }))).some((g) => g.id === finance.id));
  await client.groupApi.unassignUserFromGroup({ groupId: finance.id, userId: id });
  assert.deepEqual(await logins(), ['dana.ops@acme.example']);
});

test('role assignments of a user', async () => {
  const { id: userId } = await user();
  const made = await client.roleAssignmentApi.assignRoleToUser({ userId, assignRoleRequest: { type: 'READ_ONLY_ADMIN' } });
  assert.equal(made.type, 'READ_ONLY_ADMIN');
  assert.equal(made.assignmentType, 'USER');
  const role = await customRole('People reader');
  const set = await resourceSet('All people');
  const custom = await client.roleAssignmentApi.assignRoleToUser({ userId, assignRoleRequest: { type: 'CUSTOM', role: role.id, resource_set: set.id } });
  const held = await rolesOf(userId);
  assert.deepEqual(held.map((r) => r.type).sort(), ['CUSTOM', 'READ_ONLY_ADMIN']);
  assert.equal(held.find((r) => r.type === 'CUSTOM').label, 'People reader');
  assert.equal((await client.roleAssignmentApi.getUserAssignedRole({ userId, roleId: made.id })).label, 'Read-only Administrator');
  assert.ok((await client.roleAssignmentApi.listUsersWithRoleAssignments()).value.some((u) => u.id === userId));
  await refused(client.roleAssignmentApi.assignRoleToUser({ userId, assignRoleRequest: { type: 'READ_ONLY_ADMIN' } }), 409, 'E0000090');
  for (const { id: roleId } of [made, custom]) {
    await client.roleAssignmentApi.unassignRoleFromUser({ userId, roleId });
  }
  assert.deepEqual(await rolesOf(userId), []);
});

test('role assignments of a group', async () => {
  const { id: groupId } = await group('Invoice readers');
  // 201 has no body in Okta's document, so the SDK drops the one that Okta sends.
  await client.roleAssignmentApi.assignRoleToGroup({ groupId, assignRoleRequest: { type: 'READ_ONLY_ADMIN' } });
  const [made] = await all(client.roleAssignmentApi.listGroupAssignedRoles({ groupId }));
  assert.equal(made.type, 'READ_ONLY_ADMIN');
  assert.equal(made.assignmentType, 'GROUP');
  assert.equal((await client.roleAssignmentApi.getGroupAssignedRole({ groupId, roleId: made.id })).id, made.id);
  await client.roleAssignmentApi.unassignRoleFromGroup({ groupId, roleId: made.id });
  assert.deepEqual(await all(client.roleAssignmentApi.listGroupAssignedRoles({ groupId })), []);
});

test('custom roles', async () => {
  const role = await customRole('Group reader');
  assert.equal(role.description, 'Reads groups');
  assert.equal((await client.customRoleApi.getRole({ roleIdOrLabel: 'Group reader' })).id, role.id);
  const { permissions } = await client.customRoleApi.listRolePermissions({ roleIdOrLabel: role.id });
  assert.deepEqual(permissions.map((p) => p.label), ['okta.groups.read']);
});

test('resource sets and bindings', async () => {
  const set = await resourceSet('Invoice groups');
  const role = await customRole('Group reader');
  const { id } = await user();
  const at = { resourceSetId: set.id, roleIdOrLabel: role.id };
  assert.equal((await client.resourceSetApi.getResourceSet({ resourceSetId: 'Invoice groups' })).id, set.id);
  assert.equal((await client.resourceSetApi.listResourceSetResources({ resourceSetId: set.id })).resources.length, 1);
  await client.resourceSetApi.createResourceSetBinding({ resourceSetId: set.id, instance: { role: role.id, members: [`${base}/api/v1/users/${id}`] } });
  assert.deepEqual((await client.resourceSetApi.listBindings({ resourceSetId: set.id })).roles.map((r) => r.id), [role.id]);
  assert.equal((await client.resourceSetApi.getBinding(at)).id, role.id);
  const readers = await group('Invoice readers');
  await client.resourceSetApi.addMembersToBinding({ ...at, instance: { additions: [`${base}/api/v1/groups/${readers.id}`] } });
  const { members } = await client.resourceSetApi.listMembersOfBinding(at);
  assert.deepEqual(members.map((m) => m._links.self.href), [`${base}/api/v1/users/${id}`, `${base}/api/v1/groups/${readers.id}`]);
  assert.equal((await client.resourceSetApi.getMemberOfBinding({ ...at, memberId: members[0].id })).id, members[0].id);
  await client.resourceSetApi.unassignMemberFromBinding({ ...at, memberId: members[0].id });
  assert.deepEqual(await rolesOf(id), []);
  await client.resourceSetApi.deleteBinding(at);
  assert.deepEqual((await client.resourceSetApi.listBindings({ resourceSetId: set.id })).roles, []);
});

test('apps, zones, API tokens, the org and its log', async () => {
  const [app] = await all(client.applicationApi.listApplications());
  assert.equal(app.label, 'Payroll');
  assert.equal((await client.applicationApi.getApplication({ appId: app.id })).signOnMode, 'OPENID_CONNECT');
  const [zone] = await all(client.networkZoneApi.listNetworkZones());
  assert.equal((await client.networkZoneApi.getNetworkZone({ zoneId: zone.id })).gateways[0].value, '198.51.100.0/24');
  const tokens = await all(client.apiTokenApi.listApiTokens());
  const payroll = tokens.find((k) => k.name === 'payroll-sync');
  assert.equal(payroll.network.connection, 'ZONE');
  assert.equal((await client.apiTokenApi.getApiToken({ apiTokenId: payroll.id })).clientName, 'Okta API');
  assert.equal((await client.orgSettingApi.getOrgSettings()).companyName, 'Acme');
  const bounded = { since: new Date(Date.now() - 3_600_000).toISOString(), until: new Date(Date.now() + 60_000).toISOString() };
  await refused(all(client.systemLogApi.listLogEvents({ ...bounded, since: '2000-01-01T00:00:00Z' })), 400, 'E0000053');
  const events = await all(client.systemLogApi.listLogEvents(bounded));
  assert.ok(events.some((e) => e.eventType === 'user.account.privilege.grant'), events.map((e) => e.eventType).join());
});

test('the life of a user', async () => {
  const profile = { firstName: 'Nora', lastName: 'New', email: 'nora@acme.example', login: 'nora@acme.example' };
  const { id: userId, status } = await client.userApi.createUser({ body: { profile, credentials: { password: { value: 'Correct-horse-9' } } }, activate: true });
  assert.equal(status, 'ACTIVE');
  assert.equal((await client.userApi.updateUser({ userId, user: { profile: { lastName: 'Newer' } } })).profile.lastName, 'Newer');
  await client.userApi.suspendUser({ userId });
  assert.equal((await user(userId)).status, 'SUSPENDED');
  await client.userApi.unsuspendUser({ userId });
  await client.userApi.revokeUserSessions({ userId });
  await client.userApi.deactivateUser({ userId });
  assert.equal((await user(userId)).status, 'DEPROVISIONED');
  await client.userApi.deleteUser({ userId });
  await refused(user(userId), 404, 'E0000007');
});

test('the life of a group', async () => {
  const { id: groupId } = await client.groupApi.createGroup({ group: { profile: { name: 'New', description: 'd' } } });
  const changed = await client.groupApi.replaceGroup({ groupId, group: { profile: { name: 'Newer', description: 'd' } } });
  assert.equal(changed.profile.name, 'Newer');
  await client.groupApi.deleteGroup({ groupId });
  await refused(client.groupApi.getGroup({ groupId }), 404, 'E0000007');
});

test('the life of a custom role', async () => {
  const { id: roleIdOrLabel } = await client.customRoleApi.createRole({ instance: { label: 'New', description: 'd', permissions: ['okta.users.read'] } });
  await client.customRoleApi.createRolePermission({ roleIdOrLabel, permissionType: 'okta.apps.read', instance: {} });
  assert.equal((await client.customRoleApi.getRolePermission({ roleIdOrLabel, permissionType: 'okta.apps.read' })).label, 'okta.apps.read');
  await client.customRoleApi.deleteRolePermission({ roleIdOrLabel, permissionType: 'okta.users.read' });
  assert.equal((await client.customRoleApi.replaceRole({ roleIdOrLabel, instance: { label: 'Newer', description: 'd' } })).label, 'Newer');
  await client.customRoleApi.deleteRole({ roleIdOrLabel });
  await refused(client.customRoleApi.getRole({ roleIdOrLabel }), 404, 'E0000007');
});

test('the life of a resource set', async () => {
  const { id: resourceSetId } = await client.resourceSetApi.createResourceSet({ instance: { label: 'New', description: 'd', resources: [`${base}/api/v1/users`] } });
  await client.resourceSetApi.addResourceSetResources({ resourceSetId, instance: { additions: [`${base}/api/v1/groups`] } });
  const { resources } = await client.resourceSetApi.listResourceSetResources({ resourceSetId });
  assert.equal(resources.length, 2);
  await client.resourceSetApi.deleteResourceSetResource({ resourceSetId, resourceId: resources[0].id });
  await client.resourceSetApi.deleteResourceSet({ resourceSetId });
  await refused(client.resourceSetApi.getResourceSet({ resourceSetId }), 404, 'E0000007');
});

test('the life of a zone', async () => {
  const zone = { type: 'IP', name: 'New', gateways: [{ type: 'CIDR', value: '192.0.2.0/24' }] };
  const { id: zoneId } = await client.networkZoneApi.createNetworkZone({ zone });
  assert.equal((await client.networkZoneApi.replaceNetworkZone({ zoneId, zone: { ...zone, name: 'Newer' } })).name, 'Newer');
  assert.equal((await client.networkZoneApi.deactivateNetworkZone({ zoneId })).status, 'INACTIVE');
  assert.equal((await client.networkZoneApi.activateNetworkZone({ zoneId })).status, 'ACTIVE');
  await client.networkZoneApi.deactivateNetworkZone({ zoneId });
  await client.networkZoneApi.deleteNetworkZone({ zoneId });
  await refused(client.networkZoneApi.getNetworkZone({ zoneId }), 404, 'E0000007');
});

test('a service app gets a token, bound to a key and not', async () => {
  const { id } = await user();
  for (const dpop of [false, true]) {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = { ...publicKey.export({ format: 'jwk' }), kid: 'first', use: 'sig', status: 'ACTIVE' };
    const { id: appId } = await client.applicationApi.createApplication({ application: {
      name: 'oidc_client', label: `Night audit, DPoP ${dpop}`, signOnMode: 'OPENID_CONNECT',
      credentials: { oauthClient: { token_endpoint_auth_method: 'private_key_jwt' } },
      settings: { oauthClient: {
        application_type: 'service', grant_types: ['client_credentials'], response_types: ['token'], dpop_bound_access_tokens: dpop, jwks: { keys: [key] },
      } },
    } });
    const grant = await client.applicationApi.grantConsentToScope({ appId, oAuth2ScopeConsentGrant: { issuer: base, scopeId: 'okta.users.read' } });
    assert.equal(grant.status, 'ACTIVE');
    const role = await client.roleAssignmentApi.assignRoleToClient({ clientId: appId, assignRoleRequest: { type: 'READ_ONLY_ADMIN' } });
    assert.equal(role?.assignmentType ?? 'CLIENT', 'CLIENT');
    const as = new okta.Client({
      orgUrl: base, authorizationMode: 'PrivateKey', clientId: appId, scopes: ['okta.users.read'], keyId: 'first', cacheMiddleware: null,
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }), testing: { disableHttpsCheck: true },
    });
    assert.equal((await as.userApi.getUser({ userId: id })).profile.login, invoice); // by id: a proof for %40 in the path is refused
    await assert.rejects(async () => all(as.groupApi.listGroups()), (error) => error.status === 403);
    assert.equal((await all(client.applicationApi.listScopeConsentGrants({ appId }))).length, 1);
    await client.applicationApi.deactivateApplication({ appId });
    await client.applicationApi.deleteApplication({ appId });
  }
});

test('targets of roles, of a user, a group and a client', async () => {
  const [app] = await all(client.applicationApi.listApplications());
  const targets = client.roleTargetApi;
  const helpers = await group('Invoice readers');
  const { id: userId } = await user();
  await client.roleAssignmentApi.assignRoleToUser({ userId, assignRoleRequest: { type: 'HELP_DESK_ADMIN' } });
  const [{ id: roleId }] = await rolesOf(userId);
  assert.deepEqual(await all(targets.listGroupTargetsForRole({ userId, roleId })), []);
  await targets.assignGroupTargetToUserRole({ userId, roleId, groupId: helpers.id });
  assert.deepEqual((await all(targets.listGroupTargetsForRole({ userId, roleId }))).map((g) => g.profile.name), ['Invoice readers']);
  await refused(targets.unassignGroupTargetFromUserAdminRole({ userId, roleId, groupId: helpers.id }), 400, 'E0000001'); // the last one
  await refused(targets.assignAppTargetToAdminRoleForUser({ userId, roleId, appName: app.name }), 400, 'E0000091');
  await client.roleAssignmentApi.unassignRoleFromUser({ userId, roleId });

  const groupId = helpers.id;
  await client.roleAssignmentApi.assignRoleToGroup({ groupId, assignRoleRequest: { type: 'APP_ADMIN' } });
  const [{ id: ofGroup }] = await all(client.roleAssignmentApi.listGroupAssignedRoles({ groupId }));
  await targets.assignAppInstanceTargetToAppAdminRoleForGroup({ groupId, roleId: ofGroup, appName: app.name, applicationId: app.id });
  const narrowed = await all(targets.listApplicationTargetsForApplicationAdministratorRoleForGroup({ groupId, roleId: ofGroup }));
  assert.deepEqual(narrowed.map((a) => a.id), [app.id]);
  await client.roleAssignmentApi.unassignRoleFromGroup({ groupId, roleId: ofGroup });

  const clientId = app.id;
  await refused(all(targets.listGroupTargetRoleForClient({ clientId, roleAssignmentId: 'none' })), 404, 'E0000007');
});

test('schemas, types, settings and what an org has none of', async () => {
  const badge = { title: 'Badge', type: 'string' };
  const changed = await client.schemaApi.updateUserProfile({ schemaId: 'default', userSchema: { definitions: { custom: { id: '#custom', type: 'object', properties: { badge } } } } });
  assert.equal(changed.definitions.custom.properties.badge.title, 'Badge');
  assert.equal((await client.schemaApi.getUserSchema({ schemaId: 'default' })).definitions.base.properties.login.title, 'Username');
  assert.equal((await client.schemaApi.getGroupSchema()).name, 'group');
  const [type] = await all(client.userTypeApi.listUserTypes());
  assert.equal((await client.userTypeApi.getUserType({ typeId: type.id })).id, type.id);
  const settings = client.orgSettingApi;
  assert.equal((await settings.getClientPrivilegesSetting()).clientPrivilegesSetting, false);
  assert.equal((await settings.assignClientPrivilegesSetting({ clientPrivilegesSetting: { clientPrivilegesSetting: true } })).clientPrivilegesSetting, true);
  assert.equal((await settings.assignClientPrivilegesSetting({ clientPrivilegesSetting: { clientPrivilegesSetting: false } })).clientPrivilegesSetting, false);
  assert.equal((await settings.getThirdPartyAdminSetting()).thirdPartyAdmin, false);
  assert.deepEqual(await all(client.principalRateLimitApi.listPrincipalRateLimitEntities({ filter: 'principalType eq "SSWS_TOKEN"' })), []);
  assert.deepEqual(await all(client.apiServiceIntegrationsApi.listApiServiceIntegrationInstances()), []);
  assert.equal((await client.governanceBundleApi.getOptInStatus()).optInStatus, 'OPTED_OUT');
  assert.deepEqual((await client.governanceBundleApi.listGovernanceBundles()).bundles, []);
});

test('passwords of a user', async () => {
  const profile = { firstName: 'Pat', lastName: 'Word', email: 'pat@acme.example', login: 'pat@acme.example' };
  const { id: userId } = await client.userApi.createUser({ body: { profile, credentials: { password: { value: 'Correct-horse-9' } } }, activate: false });
  assert.match((await client.userApi.activateUser({ userId, sendEmail: false })).activationUrl ?? base, /^http/);
  const replaced = await client.userApi.replaceUser({ userId, user: { profile: { ...profile, lastName: 'Words' } } });
  assert.equal(replaced.profile.lastName, 'Words');
  assert.equal((await client.userApi.changePassword({ userId, changePasswordRequest: { oldPassword: { value: 'Correct-horse-9' }, newPassword: { value: 'Battery-staple-9' } } })).provider.type, 'OKTA');
  assert.match((await client.userApi.generateResetPasswordToken({ userId, sendEmail: false })).resetPasswordUrl, /^http/);
  assert.equal((await client.userApi.expirePassword({ userId })).status, 'PASSWORD_EXPIRED');
  await client.userApi.expirePasswordAndGetTemporaryPassword({ userId }); // the SDK takes the answer for a user and drops the password
});

test('keys, secrets and grants of an app', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'first', use: 'sig', status: 'ACTIVE' };
  const { id: appId } = await client.applicationApi.createApplication({ application: {
    name: 'oidc_client', label: 'Keys', signOnMode: 'OPENID_CONNECT', credentials: { oauthClient: { token_endpoint_auth_method: 'private_key_jwt' } },
    settings: { oauthClient: { application_type: 'service', grant_types: ['client_credentials'], response_types: ['token'], jwks: { keys: [key] } } },
  } });
  const { id: secretId, status } = await client.applicationSSOPublicKeysApi.createOAuth2ClientSecret({ appId });
  assert.equal(status, 'ACTIVE');
  assert.ok((await client.applicationSSOPublicKeysApi.getOAuth2ClientSecret({ appId, secretId })).client_secret);
  assert.equal((await client.applicationSSOPublicKeysApi.deactivateOAuth2ClientSecret({ appId, secretId })).status, 'INACTIVE');
  await client.applicationSSOPublicKeysApi.deleteOAuth2ClientSecret({ appId, secretId });
  const { id: grantId } = await client.applicationApi.grantConsentToScope({ appId, oAuth2ScopeConsentGrant: { issuer: base, scopeId: 'okta.users.read' } });
  assert.equal((await client.applicationApi.getScopeConsentGrant({ appId, grantId })).scopeId, 'okta.users.read');
  await client.applicationApi.revokeScopeConsentGrant({ appId, grantId });
  await refused(client.applicationApi.getScopeConsentGrant({ appId, grantId }), 404, 'E0000007');
  await client.applicationApi.deactivateApplication({ appId });
  await client.applicationApi.activateApplication({ appId });
});

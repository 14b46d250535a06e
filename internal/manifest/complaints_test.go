package manifest

import (
	"errors"
	"strings"
	"testing"
)

// TestEachComplaintNamesItsPlace has one document for each way to be wrong.
func TestEachComplaintNamesItsPlace(t *testing.T) {
	t.Parallel()
	change := func(old, replacement string) string {
		if !strings.Contains(owner, old) {
			t.Fatalf("the owner has no %q", old)
		}
		return strings.Replace(owner, old, replacement, 1)
	}
	settingsWith := func(lines string) string { return "apiVersion: stepdown/v1\nkind: Settings\n" + lines }
	for _, tc := range complaints(change, settingsWith) {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			file, err := Parse("f", []byte(tc.source))
			if err == nil {
				t.Fatal("accepted")
			}
			if file.Owner != nil || file.Settings != nil {
				t.Error("returned a file together with an error")
			}
			if got := problemsOf(t, err); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

type complaint struct{ name, source, want string }

func complaints(change func(old, replacement string) string, settingsWith func(string) string) []complaint {
	return []complaint{
		{
			"empty", "",
			"f:1:1: the file has no document; expected a manifest with the fields apiVersion and kind",
		},
		{
			"comment only", "# nothing\n",
			"f:1:1: the file has no document; expected a manifest with the fields apiVersion and kind",
		},
		{
			"not a mapping", "- a\n",
			"f:1:1: expected a manifest with the fields apiVersion and kind, found a list",
		},
		{
			"no header", "name: x\n",
			"f:1:1: apiVersion: is missing; expected stepdown/v1\n" +
				"f:1:1: kind: is missing; expected TokenOwner or Settings",
		},
		{
			"unknown kind", "apiVersion: stepdown/v1\nkind: TokenOwners\n",
			"f:2:7: kind: expected TokenOwner or Settings, found the text \"TokenOwners\"",
		},
		{
			"later kind", "apiVersion: stepdown/v1\nkind: Waiver\nname: x\n",
			"f:2:7: kind: expected TokenOwner or Settings, found the text \"Waiver\"",
		},
		{
			"other version", change("stepdown/v1", "stepdown/v2"),
			"f:1:13: apiVersion: expected stepdown/v1, found the text \"stepdown/v2\"",
		},
		{
			"second document", owner + "---\nname: x\n",
			"f:15:1: a second document begins here; a file holds one",
		},
		{
			"empty second document", owner + "---\n",
			"f:15:1: a second document begins here; a file holds one",
		},
		{
			"broken second document", owner + "---\n\"\n",
			"f:16:1: not YAML: found unexpected end of stream",
		},
		{
			"tab", change("  Every hour.", "\tEvery hour."),
			"f:11:1: not YAML: a tab in the indentation",
		},
		{
			"unclosed", change("token: {name: invoice-export,", "token: {name: invoice-export"),
			"f:7:1: not YAML: did not find expected ',' or '}'",
		},
		{
			"bad indentation", change("ticket: FIN-1234", " ticket: FIN-1234"),
			"f:12:1: not YAML: did not find expected key",
		},
		{
			"control character", change("FIN-1234", "FIN\x01-1234"),
			"f:12:12: the character U+0001 is invisible or changes how the text around it is shown",
		},
		{
			"not UTF-8", change("FIN-1234", "FIN-\xff"),
			"f:12:13: the byte 0xFF is not UTF-8",
		},
		{
			"byte order mark", "\uFEFF" + owner,
			"f:1:1: a byte order mark; expected UTF-8 without one",
		},
		{
			"bidi in a comment", change("ticket: FIN-1234", "ticket: FIN-1234 # \u202eevil"),
			"f:12:20: the character U+202E is invisible or changes how the text around it is shown",
		},
		{
			"line separator", change("ticket: FIN-1234", "ticket: FIN-1234 # x\u2028coElevate: true"),
			"f:12:21: the character U+2028 is invisible or changes how the text around it is shown",
		},
		{
			"next line", change("ticket: FIN-1234", "ticket: FIN-1234 # x\u0085coElevate: true"),
			"f:12:21: the character U+0085 is invisible or changes how the text around it is shown",
		},
		{
			"bare carriage return", change("ticket: FIN-1234", "ticket: FIN-1234 # x\rfoo: true"),
			"f:12:21: a carriage return within a line, which YAML reads as a line break and editors do not show as one",
		},
		{
			"zero width", change("dana-ops", "dana\u200b-ops"),
			"f:5:22: the character U+200B is invisible or changes how the text around it is shown",
		},
		{
			"escaped bidi", change("ticket: FIN-1234", `ticket: "FIN\u202e-1234"`),
			"f:12:9: ticket: holds U+202E, a character that people do not see",
		},
		{
			"escaped line break", change("ticket: FIN-1234", `ticket: "FIN\n-1234"`),
			"f:12:9: ticket: expected the id or address of a ticket, on one line; found a line break",
		},
		{
			"okta token", change("password and TOTP in the team vault", "00aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789_-ab"),
			"f:5:37: this looks like a credential; a manifest says where credentials are kept, never what they are",
		},
		{
			"private key", owner + "# -----BEGIN RSA PRIVATE KEY-----\n",
			"f:15:3: this looks like a credential; a manifest says where credentials are kept, never what they are",
		},
		{
			"anchor and alias", change("ticket: FIN-1234\nowner: team-finance@acme.example", "ticket: &t FIN-1234\nowner: *t"),
			"f:12:9: the anchor &t: anchors are not read\n" +
				"f:13:8: the alias *t: aliases are not read",
		},
		{
			"merge key", change("token: {name: invoice-export,", "token: {<<: {name: invoice-export}, name: x,"),
			"f:7:9: the merge key <<: merge keys are not read",
		},
		{
			"tag", change("ticket: FIN-1234", "ticket: !!binary RklO"),
			"f:12:9: the tag !!binary: tags are not read",
		},
		{
			"custom tag", change("ticket: FIN-1234", "ticket: !secret RklO"),
			"f:12:9: the tag !secret: tags are not read",
		},
		{
			"duplicate", change("ticket: FIN-1234", "ticket: FIN-1234\nticket: FIN-1"),
			"f:13:1: ticket: is given twice; the first is on line 12",
		},
		{
			"duplicate nested", change("token: {name: invoice-export,", "token: {name: invoice-export, \"name\": y,"),
			"f:7:31: token.name: is given twice; the first is on line 7",
		},
		{
			"unknown field", change("ticket: FIN-1234", "ticket: FIN-1234\ncolour: red"),
			"f:13:1: colour: is not a known field",
		},
		{
			"misspelt field", change("window: 1h30m", "windw: 1h30m"),
			"f:8:1: elevation.window: is missing; expected a duration from 5s to 8h, such as 15m\n" +
				"f:8:31: elevation.windw: is not a known field",
		},
		{
			"snake case", change("coElevate: true", "co_elevate: true"),
			"f:8:46: elevation.co_elevate: is not a known field",
		},
		{
			"field of a lower level", change("ticket: FIN-1234", "ticket: FIN-1234\nwindow: 5m"),
			"f:13:1: window: is not a known field",
		},
		{
			"unknown field with a strange name", change("ticket: FIN-1234", "ticket: FIN-1234\n\"a\\nb\": red"),
			"f:13:1: a\\nb: is not a known field",
		},
		{
			"complex key", change("ticket: FIN-1234", "ticket: FIN-1234\n? [a]\n: b"),
			"f:13:3: expected the name of a field, found a list",
		},
		{
			"number for text", change("ticket: FIN-1234", "ticket: 1234"),
			"f:12:9: ticket: expected the id or address of a ticket, found the number 1234",
		},
		{
			"date for text", change("ticket: FIN-1234", "ticket: 2024-01-31"),
			"f:12:9: ticket: expected the id or address of a ticket, found the date 2024-01-31",
		},
		{
			"nothing for text", change("ticket: FIN-1234", "ticket:"),
			"f:12:8: ticket: expected the id or address of a ticket, found nothing",
		},
		{
			"empty text", change("ticket: FIN-1234", `ticket: "  "`),
			"f:12:9: ticket: expected the id or address of a ticket, found an empty text",
		},
		{
			"list for text", change("ticket: FIN-1234", "ticket: [FIN-1234]"),
			"f:12:9: ticket: expected the id or address of a ticket, found a list",
		},
		{
			"text for mapping", change("role: {customRole: Group reader, resourceSet: Invoice groups}", "role: Group reader"),
			"f:6:7: role: expected a mapping with customRole, resourceSet, found the text \"Group reader\"",
		},
		{
			"text for list", change("[Corporate network, nzo1]", "Corporate network"),
			"f:7:38: token.zones: expected a list of network zones, each by id or name, found the text \"Corporate network\"",
		},
		{
			"block for a line", change("ticket: FIN-1234", "ticket: |\n  FIN-1234"),
			"f:12:9: ticket: expected the id or address of a ticket, on one line; found a line break",
		},
		{
			"unclosed at the end", owner + "extra: {a: b\n",
			"f:15:1: not YAML: did not find expected ',' or '}'",
		},
		{
			"broken first line", "\"a\n",
			"f:2:1: not YAML: found unexpected end of stream",
		},
		{
			"yes for true", change("coElevate: true", "coElevate: yes"),
			"f:8:57: elevation.coElevate: expected true or false, found the text \"yes\"",
		},
		{
			"quoted true", change("coElevate: true", `coElevate: "true"`),
			"f:8:57: elevation.coElevate: expected true or false, found the text \"true\"",
		},
		{
			"name", change("name: invoice-export\naccount", "name: Invoice_Export\naccount"),
			"f:3:7: name: expected lower-case letters, digits and hyphens, such as invoice-export, found the text \"Invoice_Export\"",
		},
		{
			"too long", change("FIN-1234", strings.Repeat("x", 201)),
			"f:12:9: ticket: has 201 characters; expected at most 200",
		},
		{
			"me", change("svc-invoice-export@acme.example", "Me"),
			"f:4:10: account: \"me\" is whoever asks Okta, not an account",
		},
		{
			"path in an account", change("svc-invoice-export@acme.example", "../groups/x"),
			"f:4:10: account: expected the login or id of an Okta account, in ASCII, found the text \"../groups/x\"",
		},
		{
			"Cyrillic account", change("svc-invoice-export@acme.example", "svc-invoiсe-export@acme.example"),
			"f:4:10: account: mixes letters of the scripts Cyrillic and Latin in \"svc-invoiсe-export@acme.example\"; one could be taken for the other",
		},
		{
			"Kelvin sign", change("dana-ops", "dana-\u212aops"),
			"f:5:18: operator.name: holds 'K' (U+212A), which looks like another letter",
		},
		{
			"mixed operator", change("dana-ops", "dаna-ops"),
			"f:5:18: operator.name: mixes letters of the scripts Cyrillic and Latin in \"dаna-ops\"; one could be taken for the other",
		},
		{
			"mixed role", change("Group reader", "Grоup reader"),
			"f:6:20: role.customRole: mixes letters of the scripts Cyrillic and Latin in \"Grоup\"; one could be taken for the other",
		},
		{
			"wide letters", change("Group reader", "Ｇroup reader"),
			"f:6:20: role.customRole: holds 'Ｇ' (U+FF27), which looks like another letter",
		},
		{
			"no-break space", change("Group reader", "Group\u00a0reader"),
			"f:6:20: role.customRole: holds U+00A0, a blank other than the space",
		},
		{
			"operator is the account", change("dana-ops", "SVC-invoice-export@acme.example"),
			"f:5:12: operator.name: is the service account itself",
		},
		{
			"standard role for custom", change("customRole: Group reader", "customRole: super_admin"),
			"f:6:20: role.customRole: \"super_admin\" is the type of a standard role; expected a custom role",
		},
		{
			"standard role of the future", change("customRole: Group reader", "customRole: AI_AGENT_ADMIN"),
			"f:6:20: role.customRole: \"AI_AGENT_ADMIN\" is the type of a standard role; expected a custom role",
		},
		{
			"CUSTOM for elevation", change("role: USER_ADMIN", "role: CUSTOM"),
			"f:8:19: elevation.role: expected the type of a standard role, such as READ_ONLY_ADMIN, found the text \"CUSTOM\"",
		},
		{
			"misspelt role", change("role: USER_ADMIN", "role: USER_ADMN"),
			"f:8:19: elevation.role: expected the type of a standard role, such as READ_ONLY_ADMIN, found the text \"USER_ADMN\"",
		},
		{
			"method", change("method: handoff", "method: github"),
			"f:14:20: delivery.method: expected handoff, found the text \"github\"",
		},
		{
			"window missing", change("role: USER_ADMIN, window: 1h30m,", "role: USER_ADMIN,"),
			"f:8:1: elevation.window: is missing; expected a duration from 5s to 8h, such as 15m",
		},
		{
			"window without unit", change("window: 1h30m", "window: 15"),
			"f:8:39: elevation.window: expected a duration from 5s to 8h, such as 15m, found the number 15",
		},
		{
			"window sexagesimal", change("window: 1h30m", "window: 1:30"),
			"f:8:39: elevation.window: expected a duration from 5s to 8h, such as 15m, found the text \"1:30\"",
		},
		{
			"window negative", change("window: 1h30m", "window: -5m"),
			"f:8:39: elevation.window: expected a duration from 5s to 8h, such as 15m, found the text \"-5m\"",
		},
		{
			"window too short", change("window: 1h30m", "window: 4s"),
			"f:8:39: elevation.window: expected a duration from 5s to 8h, such as 15m, found the text \"4s\"",
		},
		{
			"window too long", change("window: 1h30m", "window: 8h1ms"),
			"f:8:39: elevation.window: expected a duration from 5s to 8h, such as 15m, found the text \"8h1ms\"",
		},
		{
			"window beyond numbers", change("window: 1h30m", "window: 99999999999999999999h"),
			"f:8:39: elevation.window: expected a duration from 5s to 8h, such as 15m, found the text \"99999999999999999999h\"",
		},
		{
			"zone twice", change("[Corporate network, nzo1]", "[nzo1, Nzo1]"),
			"f:7:45: token.zones[1]: is in the list twice; the first is on line 7",
		},
		{
			"several, sorted", change("ticket: FIN-1234\nowner: team-finance@acme.example", "ticket: 1\nowners: x"),
			"f:1:1: owner: is missing; expected the person or team that answers for the account\n" +
				"f:12:9: ticket: expected the id or address of a ticket, found the number 1\n" +
				"f:13:1: owners: is not a known field",
		},
		{
			"settings: all accounts", settingsWith("serviceAccounts: [\"*\"]\n"),
			"f:3:19: serviceAccounts[0]: \"*\" matches every login, also a person's",
		},
		{
			"settings: no pattern", settingsWith("serviceAccounts: []\n"),
			"f:3:18: serviceAccounts: expected a list of patterns of logins, such as svc-*, at least 1; found 0",
		},
		{
			"settings: bad pattern", settingsWith("serviceAccounts: [\"svc-[a\"]\n"),
			"f:3:19: serviceAccounts[0]: \"svc-[a\" is not a well-formed pattern",
		},
		{
			"settings: settle", settingsWith("elevation: {settle: 99ms, lateEffect: 31m, maxWindow: 9h}\n"),
			"f:3:21: elevation.settle: expected a duration from 100ms to 5m, such as 10s, found the text \"99ms\"\n" +
				"f:3:39: elevation.lateEffect: expected a duration from 0s to 30m, such as 15m, found the text \"31m\"\n" +
				"f:3:55: elevation.maxWindow: expected a duration from 5s to 8h, such as 15m, found the text \"9h\"",
		},
		{
			"settings: settle against stepDown", settingsWith("elevation:\n  stepDown: 10s\n"),
			"f:4:3: elevation.settle: is 10s, and stepDown is 10s: a proof needs two reads that far apart, so that every step-down would end as stuck",
		},
		{
			"settings: role twice", settingsWith("elevation:\n  roles:\n    - {role: USER_ADMIN, accounts: [a]}\n    - {role: USER_ADMIN, accounts: [b]}\n"),
			"f:6:7: elevation.roles[1]: is in the list twice; the first is on line 5",
		},
		{
			"settings: role without accounts", settingsWith("elevation:\n  roles:\n    - role: USER_ADMIN\n"),
			"f:5:7: elevation.roles[0].accounts: is missing; expected a list of patterns of logins, such as svc-hr-*",
		},
		{
			"settings: known token", settingsWith("audit:\n  knownTokens:\n    - {owner: a@b.c, name: x}\n"),
			"f:5:7: audit.knownTokens[0].reason: is missing; expected the reason for which the token is accepted",
		},
		{
			"settings: known app without a role", settingsWith("audit:\n  knownApps:\n    - {client: 0oa1, reason: x}\n"),
			"f:5:7: audit.knownApps[0]: names not one role: it is a standard role, or a custom role on a resource set",
		},
		{
			"settings: known app with two roles", settingsWith("audit:\n  knownApps:\n    - {client: 0oa1, role: ORG_ADMIN, customRole: x, resourceSet: y, reason: x}\n"),
			"f:5:7: audit.knownApps[0]: names not one role: it is a standard role, or a custom role on a resource set",
		},
		{
			"settings: known app with a custom role on nothing", settingsWith("audit:\n  knownApps:\n    - {client: 0oa1, customRole: x, reason: x}\n"),
			"f:5:7: audit.knownApps[0]: names not one role: it is a standard role, or a custom role on a resource set",
		},
		{
			"settings: an agent that is every person", settingsWith("audit:\n  agentClients: [Okta AD agent, okta API]\n"),
			"f:4:33: audit.agentClients[1]: \"okta API\" is the clientName of every token that a person created, not an agent's",
		},
		{
			"settings: approval age", settingsWith("admission: {maxApprovalAge: 721h}\n"),
			"f:3:29: admission.maxApprovalAge: expected a duration from 1m to 720h, such as 15m, found the text \"721h\"",
		},
		{
			"settings: no approvals", settingsWith("admission: {approvals: 0}\n"),
			"f:3:24: admission.approvals: expected a whole number from 1 to 10, found the number 0",
		},
		{
			"settings: approvals in hexadecimal", settingsWith("admission: {approvals: 0x2}\n"),
			"f:3:24: admission.approvals: expected a whole number from 1 to 10, found the number 0x2",
		},
		{
			"settings: approvals of a role", settingsWith("elevation:\n  roles:\n    - {role: USER_ADMIN, accounts: [a], approvals: 1.5}\n"),
			"f:5:52: elevation.roles[0].approvals: expected a whole number from 1 to 10, found the number 1.5",
		},
		{
			"settings: a team by its name", settingsWith("admission: {teams: [Identity Admins]}\n"),
			"f:3:21: admission.teams[0]: expected the slug of a team, such as identity-admins, found the text \"Identity Admins\"",
		},
		{
			"settings: presence and pending", settingsWith("admission: {presence: 10s, pendingFor: 721h}\n"),
			"f:3:23: admission.presence: expected a duration from 1m to 8h, such as 15m, found the text \"10s\"\n" +
				"f:3:40: admission.pendingFor: expected a duration from 1h to 720h, such as 1h, found the text \"721h\"",
		},
		{
			"settings: merge", settingsWith("admission: {merge: require, branchProtection: some}\n"),
			"f:3:20: admission.merge: expected allowed or required, found the text \"require\"\n" +
				"f:3:47: admission.branchProtection: expected ruleset, classic or none, found the text \"some\"",
		},
		{
			"settings: a freeze without a zone", settingsWith("admission:\n  freezes:\n    - {from: 2030-12-20T18:00:00, to: 2030-12-21, reason: x}\n"),
			"f:5:14: admission.freezes[0].from: expected a time with its zone, such as 2030-12-20T18:00:00Z, found the text \"2030-12-20T18:00:00\"\n" +
				"f:5:39: admission.freezes[0].to: expected a time with its zone, such as 2030-12-20T18:00:00Z, found the date 2030-12-21",
		},
		{
			"settings: a freeze that ends before it begins", settingsWith("admission:\n  freezes:\n    - {from: 2030-12-20T18:00:00Z, to: 2030-12-20T18:30:00+01:00, reason: x}\n"),
			"f:5:7: admission.freezes[0].to: is 2030-12-20T18:30:00+01:00, not after from, 2030-12-20T18:00:00Z",
		},
		{
			"settings: a freeze without a reason", settingsWith("admission:\n  freezes:\n    - {from: 2030-12-20T18:00:00Z, to: 2030-12-21T18:00:00Z}\n"),
			"f:5:7: admission.freezes[0].reason: is missing; expected the reason for the freeze",
		},
		{
			"settings: break-glass", settingsWith("admission: {breakGlass: {allowed: yes, maxWindow: 1s}}\n"),
			"f:3:35: admission.breakGlass.allowed: expected true or false, found the text \"yes\"\n" +
				"f:3:51: admission.breakGlass.maxWindow: expected a duration from 5s to 8h, such as 15m, found the text \"1s\"",
		},
	}
}

func TestAFileOverTheLimitIsRefusedWhole(t *testing.T) {
	t.Parallel()
	fits := owner + "#" + strings.Repeat("x", MaxBytes-len(owner)-1)
	if _, err := Parse("f", []byte(fits)); err != nil {
		t.Errorf("%d bytes: %v", len(fits), err)
	}
	_, err := Parse("f", []byte(fits+"x"))
	if err == nil {
		t.Fatal("one byte more was accepted")
	}
	if got, want := err.Error(), "f:1:1: the file is larger than 65536 bytes, the most that a manifest may have"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestErrorHasTheHintOnALineOfItsOwn(t *testing.T) {
	t.Parallel()
	_, err := Parse("access/x.yaml", []byte(strings.Replace(owner, "window: 1h30m", "windw: 1h30m", 1)))
	want := "access/x.yaml:8:1: elevation.window: is missing; expected a duration from 5s to 8h, such as 15m\n" +
		"access/x.yaml:8:31: elevation.windw: is not a known field\n    Did you mean window?"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestACredentialIsNeverRepeated(t *testing.T) {
	t.Parallel()
	const planted = "00aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789_-ab"
	_, err := Parse("f", []byte(strings.Replace(owner, "name: invoice-export", "name: "+planted, 1)))
	var e *Error
	if !errors.As(err, &e) || strings.Contains(err.Error(), planted[:12]) {
		t.Errorf("error is %v", err)
	}
}

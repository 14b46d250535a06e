// Events of the System Log, as Okta shapes them.

package oktaemu

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
)

// party is an actor or a target of an event.
type party struct{ id, kind, alternateID, name string }

// event is an entry of the System Log.
type event struct {
	kind, message   string
	outcome, reason string // outcome is SUCCESS where it is empty
	severity        string // INFO where it is empty
	targets         []party
	debug           map[string]any

	seq  int
	at   time.Time
	uuid string
	by   author
}

// log appends an event.
func (s *state) log(by author, now time.Time, e event) {
	e.seq, e.at, e.by = s.next(), now, by
	e.outcome, e.severity = orElse(e.outcome, "SUCCESS"), orElse(e.severity, "INFO")
	e.uuid = eventUUID(s.orgID, e.seq)
	s.events = append(s.events, e)
}

// eventUUID makes a UUID of the event's place in the org, so that the same run gives the same ones.
func eventUUID(orgID string, seq int) string {
	sum := sha256.Sum256([]byte(orgID + " event " + strconv.Itoa(seq)))
	h := hex.EncodeToString(sum[:16])
	return fmt.Sprintf("%s-%s-4%s-8%s-%s", h[0:8], h[8:12], h[13:16], h[17:20], h[20:32])
}

func (s *state) userParty(id string) party {
	u := s.users.rows[id]
	return party{id: u.id, kind: "User", alternateID: u.login, name: u.displayName()}
}

func (s *state) principalParty(p principal) party {
	switch p.kind {
	case "": // nobody
		return party{}
	case userKind:
		return s.userParty(p.id)
	case clientKind:
		a := s.apps.rows[p.id]
		return party{id: a.id, kind: "PublicClientApp", alternateID: a.id, name: a.label}
	}
	return groupParty(s.groups.rows[p.id])
}

func tokenParty(t token) party {
	return party{id: t.id, kind: "Token", alternateID: "unknown", name: t.name}
}

// values returns what a filter may compare the attribute with; all that the event says where that is empty.
func (e event) values(attribute string) []string {
	switch attribute { // what is asked most, without making the body
	case "actor.id":
		return []string{e.by.id}
	case "eventtype":
		return []string{e.kind}
	}
	return valuesAt(e.body(), attribute)
}

// body is the event on the wire.
func (e event) body() obj {
	targets := []obj{}
	for _, t := range e.targets {
		targets = append(targets, t.body())
	}
	debug := obj{"requestId": e.by.requestID, "requestUri": e.by.uri, "url": e.by.uri + "?"}
	for key, value := range e.debug {
		debug[key] = value
	}
	detail := obj{}
	if e.by.tokenID != "" {
		detail["requestApiTokenId"] = e.by.tokenID
	}
	var reason any
	if e.reason != "" {
		reason = e.reason
	}
	return obj{
		"actor": e.by.body(), "displayMessage": e.message, "eventType": e.kind, "severity": e.severity,
		"published": e.at.UTC().Format(wireTime), "uuid": e.uuid, "version": "0", "legacyEventType": nil, "device": nil,
		"outcome": obj{"result": e.outcome, "reason": reason}, "target": targets,
		"client": obj{
			"ipAddress": e.by.ip, "zone": "null", "device": "Unknown", "id": nil, "geographicalContext": nil,
			"userAgent": obj{"rawUserAgent": e.by.agent, "os": "Unknown", "browser": "UNKNOWN"},
		},
		"authenticationContext": obj{
			"authenticationProvider": nil, "credentialProvider": nil, "credentialType": nil,
			"issuer": nil, "interface": nil, "authenticationStep": 0, "externalSessionId": orElse(e.by.sessionID, "unknown"),
		},
		"securityContext": obj{"asNumber": nil, "asOrg": nil, "isp": nil, "domain": nil, "isProxy": nil},
		"debugContext":    obj{"debugData": debug},
		"transaction":     obj{"type": "WEB", "id": orElse(e.by.requestID, "unknown"), "detail": detail},
		"request":         obj{"ipChain": []obj{{"ip": e.by.ip, "version": "V4", "source": nil, "geographicalContext": nil}}},
	}
}

func (p party) body() obj {
	return obj{"id": p.id, "type": p.kind, "alternateId": p.alternateID, "displayName": p.name, "detailEntry": nil}
}

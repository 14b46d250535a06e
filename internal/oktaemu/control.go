// The control endpoint: faults, limits, lag and clock of a running org over HTTP, for programs that are not in Go. It is
// no part of Okta and is served at an address of its own. docs/emulator.md describes it.

package oktaemu

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// controls are the requests of the control endpoint.
func (o *Org) controls() map[string]func(*http.Request) (any, error) {
	return map[string]func(*http.Request) (any, error){
		"GET /faults":    o.controlFaults,
		"POST /faults":   o.controlInject,
		"DELETE /faults": func(*http.Request) (any, error) { o.ClearFaults(); return nil, nil },
		"GET /limits":    o.controlSettings,
		"PUT /limits":    o.controlLimits,
		"GET /lag":       o.controlSettings,
		"PUT /lag":       func(r *http.Request) (any, error) { return control(r, "lag", o.SetLag) },
		"GET /latency":   o.controlSettings,
		"PUT /latency":   func(r *http.Request) (any, error) { return control(r, "latency", o.SetLatency) },
		"GET /quirks":    o.controlSettings,
		"PUT /quirks":    o.controlQuirks,
		"GET /clock":     o.controlSettings,
		"POST /clock":    o.controlClock,
		"GET /requests":  o.controlRequests,
		"GET /org":       func(*http.Request) (any, error) { return o.saved() },
		"PUT /org":       o.controlLoad,
		"POST /reset":    func(*http.Request) (any, error) { o.Reset(); return nil, nil },
	}
}

// Control answers the control endpoint of the org. Whoever reaches it rules the org, so it refuses what a web page could
// send: a Host other than a loopback address or localhost, and requests from another origin. All refusals are JSON.
func (o *Org) Control() http.Handler {
	controls := o.controls()
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		sendControl(w, http.StatusForbidden, obj{"error": "the control endpoint takes no requests from web pages of another origin"})
	}))
	return guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !LoopbackAddress(r.Host) {
			sendControl(w, http.StatusForbidden, obj{"error": "the control endpoint is called by a loopback address or as localhost, not as " + r.Host})
			return
		}
		answer, known := controls[r.Method+" "+r.URL.Path]
		if !known {
			refuseControl(w, r, slices.Sorted(maps.Keys(controls)))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxSeedBytes)
		switch body, err := answer(r); {
		case err != nil:
			sendControl(w, http.StatusBadRequest, obj{"error": err.Error()})
		case body == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			sendControl(w, http.StatusOK, body)
		}
	}))
}

// refuseControl answers a request that is none of the known ones: 405 where only the method is wrong, else 404.
func refuseControl(w http.ResponseWriter, r *http.Request, known []string) {
	var methods []string
	for _, request := range known {
		if method, path, _ := strings.Cut(request, " "); path == r.URL.Path {
			methods = append(methods, method)
		}
	}
	if len(methods) == 0 {
		sendControl(w, http.StatusNotFound, obj{"error": "the control endpoint has no " + r.URL.Path + "; it knows " + strings.Join(known, ", ")})
		return
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	sendControl(w, http.StatusMethodNotAllowed, obj{"error": r.URL.Path + " takes " + strings.Join(methods, ", ") + ", not " + r.Method})
}

// LoopbackAddress tells whether an address, with a port or without, is of this machine alone.
func LoopbackAddress(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// sendControl sends YAML as it is, and all else as JSON.
func sendControl(w http.ResponseWriter, status int, body any) {
	kind := "application/yaml"
	data, written := body.([]byte)
	if !written {
		kind = "application/json"
		var out bytes.Buffer
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(body); err != nil {
			status, data = http.StatusInternalServerError, fmt.Appendf(nil, `{"error":%q}`, err.Error())
		} else {
			data = out.Bytes()
		}
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(data) // the client may have gone
}

// control reads {"name": "5s"} and sets it.
func control(r *http.Request, name string, set func(time.Duration)) (any, error) {
	d, err := readDuration(r, name)
	if err == nil {
		set(d)
	}
	return nil, err
}

func readDuration(r *http.Request, name string) (time.Duration, error) {
	body := map[string]duration{}
	if err := decodeStrict(r.Body, &body); err != nil {
		return 0, err
	}
	d, there := body[name]
	switch {
	case !there || len(body) != 1:
		return 0, fmt.Errorf(`the body is {%q: "5s"}`, name)
	case d < 0:
		return 0, fmt.Errorf("%s is 0 or more", name)
	}
	return time.Duration(d), nil
}

// controlSettings answers what the path names, as it is now.
func (o *Org) controlSettings(r *http.Request) (any, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch r.URL.Path {
	case "/limits":
		return o.limits.inForce(), nil
	case "/lag":
		return obj{"lag": o.lag.String()}, nil
	case "/quirks":
		return obj{"quirks": append([]string{}, o.state.quirks...)}, nil
	case "/latency":
		return obj{"latency": o.latency.String()}, nil
	}
	return obj{"now": o.now().Format(time.RFC3339Nano), "offset": o.offset.String()}, nil
}

// seenFault is an injected fault and how many requests it matched.
type seenFault struct {
	faultJSON
	Seen int `json:"seen"`
}

func (o *Org) controlFaults(*http.Request) (any, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := []seenFault{}
	for _, f := range o.faults {
		out = append(out, seenFault{f.wire(), f.seen})
	}
	return obj{"faults": out}, nil
}

// controlInject reads one fault or an array of them.
func (o *Org) controlInject(r *http.Request) (any, error) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var faults []Fault
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		err = decodeStrict(bytes.NewReader(data), &faults)
	} else {
		faults = make([]Fault, 1)
		err = decodeStrict(bytes.NewReader(data), &faults[0])
	}
	if err != nil {
		return nil, err
	}
	return nil, o.inject(faults)
}

func (o *Org) controlLimits(r *http.Request) (any, error) {
	var limits Limits
	if err := decodeStrict(r.Body, &limits); err != nil {
		return nil, err
	}
	return nil, o.SetLimits(limits)
}

func (o *Org) controlQuirks(r *http.Request) (any, error) {
	var body struct{ Quirks []string }
	if err := decodeStrict(r.Body, &body); err != nil {
		return nil, err
	}
	return nil, o.SetQuirks(body.Quirks...)
}

// controlClock moves the clock forward, or sets how far it is off the real one, and answers what time it is then.
func (o *Org) controlClock(r *http.Request) (any, error) {
	body := map[string]duration{}
	if err := decodeStrict(r.Body, &body); err != nil {
		return nil, err
	}
	advance, forward := body["advance"]
	offset, set := body["offset"]
	switch {
	case forward == set || len(body) != 1:
		return nil, errors.New(`the body is {"advance": "5s"} or {"offset": "5s"}`)
	case advance < 0:
		return nil, errors.New("advance is 0 or more; offset moves the clock back")
	case forward:
		o.Advance(time.Duration(advance))
	default:
		o.SetOffset(time.Duration(offset))
	}
	return o.controlSettings(r)
}

func (o *Org) controlRequests(*http.Request) (any, error) {
	out := []obj{}
	for _, r := range o.Requests() {
		out = append(out, obj{"method": r.Method, "path": r.Path, "status": r.Status, "caller": r.Caller})
	}
	return obj{"requests": out}, nil
}

func (o *Org) controlLoad(r *http.Request) (any, error) {
	seed, err := LoadSeed(r.Body, "in the body")
	if err != nil {
		return nil, err
	}
	return nil, o.Load(seed)
}

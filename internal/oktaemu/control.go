// The control endpoint: faults, limits, lag and clock of a running org over HTTP, for programs that are not in Go. It is
// no part of Okta and is served at an address of its own. docs/emulator.md describes it.

package oktaemu

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Control answers the control endpoint of the org. Whoever reaches it rules the org, so it refuses what a web page could
// send: a Host other than a loopback address or localhost, and requests from another origin.
func (o *Org) Control() http.Handler {
	mux := http.NewServeMux()
	for pattern, answer := range map[string]func(*http.Request) (any, error){
		"GET /faults":    o.controlFaults,
		"POST /faults":   o.controlInject,
		"DELETE /faults": func(*http.Request) (any, error) { o.ClearFaults(); return nil, nil },
		"PUT /limits":    o.controlLimits,
		"PUT /lag":       func(r *http.Request) (any, error) { return control(r, "lag", o.SetLag) },
		"PUT /latency":   func(r *http.Request) (any, error) { return control(r, "latency", o.SetLatency) },
		"PUT /quirks":    o.controlQuirks,
		"POST /clock":    o.controlClock,
		"GET /requests":  o.controlRequests,
		"GET /org":       func(*http.Request) (any, error) { return o.saved() },
		"PUT /org":       o.controlLoad,
		"POST /reset":    func(*http.Request) (any, error) { o.Reset(); return nil, nil },
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if !LoopbackAddress(r.Host) {
				sendControl(w, http.StatusForbidden, obj{"error": "the control endpoint is called by a loopback address or as localhost, not as " + r.Host})
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
		})
	}
	return http.NewCrossOriginProtection().Handler(mux)
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
			status, data = http.StatusInternalServerError, []byte(err.Error())
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

// controlClock moves the clock and answers what time it is then.
func (o *Org) controlClock(r *http.Request) (any, error) {
	d, err := readDuration(r, "advance")
	if err != nil {
		return nil, err
	}
	o.Advance(d)
	return obj{"now": o.Now().Format(time.RFC3339Nano)}, nil
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

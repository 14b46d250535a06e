package policy

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// Finding is one thing that a control found.
type Finding struct {
	Control  string   `json:"control"` // its id
	Resource Resource `json:"resource"`
	// Discriminator tells the findings of one control about one resource apart, from one audit to the next.
	Discriminator string         `json:"discriminator"`
	Message       string         `json:"msg"`
	Evidence      map[string]any `json:"evidence"`
}

// Resource is what a finding is about.
type Resource struct {
	Kind string `json:"kind"` // user, token, app, lease or declaration
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Facts are the input and the parameters of an audit, checked against their schemas and parsed once for all controls.
type Facts struct {
	engine *Engine
	input  ast.Value
	store  storage.Store
}

// Facts checks and parses what the controls of one audit read. An input that does not match its schema, and parameters
// without which a control would find nothing, are errors.
func (e *Engine) Facts(ctx context.Context, in AuditInput, p Params) (*Facts, error) {
	if len(p.KnownRoles) == 0 || len(p.TokenCreatorRoles) == 0 {
		return nil, errors.New("checking the parameters: known_roles and token_creator_roles must not be empty")
	}
	if within, err := time.ParseDuration(p.SweepWithin); err != nil || within <= 0 {
		return nil, fmt.Errorf("checking the parameters: sweep_within is %q, which is no time to wait for", p.SweepWithin)
	}
	p.KnownTokens, p.KnownApps, p.AgentClients = filled(p.KnownTokens), filled(p.KnownApps), filled(p.AgentClients)
	_, params, err := e.parse(ctx, schemaParams, p)
	if err != nil {
		return nil, err
	}
	input, _, err := e.parse(ctx, schemaSnapshot, in)
	if err != nil {
		return nil, err
	}
	return &Facts{engine: e, input: input, store: inmem.NewFromObject(map[string]any{"params": params})}, nil
}

// Audit evaluates one control, by its id or name, for input and parameters. Where more than one control is asked, make the
// Facts once.
func (e *Engine) Audit(ctx context.Context, control string, in AuditInput, p Params) ([]Finding, error) {
	facts, err := e.Facts(ctx, in, p)
	if err != nil {
		return nil, fmt.Errorf("evaluating control %q: %w", control, err)
	}
	return facts.Audit(ctx, control)
}

// Audit evaluates one control, by its id or name. The findings are sorted by resource and discriminator. An error says that
// nothing is known, however many findings there may be.
func (f *Facts) Audit(ctx context.Context, control string) ([]Finding, error) {
	c, err := f.engine.control(control)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, evaluationTimeout)
	defer cancel()
	results, err := rego.New(
		rego.Query("data.audit."+c.Name+".findings"),
		rego.Compiler(f.engine.compiler),
		rego.Store(f.store),
		rego.ParsedInput(f.input),
		rego.StrictBuiltinErrors(true),
	).Eval(ctx)
	if err = cmp.Or(err, ctx.Err()); err != nil { // OPA may answer before it notices that the context ended
		return nil, fmt.Errorf("evaluating control %q: %w", c.ID, err)
	}
	findings, err := decodeFindings(c, results)
	if err != nil {
		return nil, fmt.Errorf("reading the findings of control %q: %w", c.ID, err)
	}
	return findings, nil
}

// control returns the control of that id or name. A query for what is not in the catalogue would evaluate to nothing, which
// looks like a pass.
func (e *Engine) control(idOrName string) (Control, error) {
	for _, c := range e.controls {
		if c.ID == idOrName || c.Name == idOrName {
			return c, nil
		}
	}
	return Control{}, fmt.Errorf("looking up control %q: the catalogue has no such control", idOrName)
}

// decodeFindings reads the one value of results as the findings of control.
func decodeFindings(c Control, results rego.ResultSet) ([]Finding, error) {
	value, err := single(results)
	if err != nil {
		return nil, err
	}
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("want a set, got %T", value)
	}
	findings := make([]Finding, 0, len(list))
	for _, item := range list {
		finding, err := decodeFinding(item)
		if err != nil {
			return nil, err
		}
		if finding.Control != c.ID {
			return nil, fmt.Errorf("a finding names control %q", finding.Control)
		}
		findings = append(findings, finding)
	}
	slices.SortFunc(findings, compareFindings)
	for i := 1; i < len(findings); i++ {
		if compareFindings(findings[i-1], findings[i]) == 0 {
			return nil, fmt.Errorf("two findings about %s %q cannot be told apart", findings[i].Resource.Kind, findings[i].Resource.Name)
		}
	}
	return findings, nil
}

// compareFindings orders findings by what identifies them, with the name first, for people.
func compareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Resource.Kind, b.Resource.Kind),
		cmp.Compare(a.Resource.Name, b.Resource.Name),
		cmp.Compare(a.Resource.ID, b.Resource.ID),
		cmp.Compare(a.Discriminator, b.Discriminator),
	)
}

// decodeFinding reads a finding: exactly its keys, none of them empty where text is needed.
func decodeFinding(value any) (Finding, error) {
	object, err := exactKeys(value, "control", "discriminator", "evidence", "msg", "resource")
	if err != nil {
		return Finding{}, fmt.Errorf("finding: %w", err)
	}
	if _, err := exactKeys(object["resource"], "id", "kind", "name"); err != nil {
		return Finding{}, fmt.Errorf("finding: resource: %w", err)
	}
	var f Finding
	if err := decode(value, &f); err != nil {
		return Finding{}, fmt.Errorf("finding: %w", err)
	}
	if f.Message == "" || f.Resource.Kind == "" || f.Resource.ID == "" || f.Evidence == nil {
		return Finding{}, errors.New("finding: msg, evidence and the resource's kind and id are required")
	}
	return f, nil
}

// single returns the one value of a query that is one reference. Undefined is an error.
func single(results rego.ResultSet) (any, error) {
	if len(results) != 1 || len(results[0].Expressions) != 1 {
		return nil, errors.New("the policy's result is undefined")
	}
	return results[0].Expressions[0].Value, nil
}

// exactKeys returns value as an object that has exactly the keys.
func exactKeys(value any, keys ...string) (map[string]any, error) {
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("want an object, got %T", value)
	}
	for _, key := range keys {
		if _, ok := object[key]; !ok {
			return nil, fmt.Errorf("key %q is missing", key)
		}
	}
	for key := range object {
		if !slices.Contains(keys, key) {
			return nil, fmt.Errorf("key %q is unknown", key)
		}
	}
	return object, nil
}

// decode reads value, which came out of a policy, into out by way of its JSON, refusing what out does not have.
func decode(value, out any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(out)
}

// parse turns a document into what policies read, once as a value and once as plain Go, and checks it against a schema.
func (e *Engine) parse(ctx context.Context, schema string, document any) (ast.Value, any, error) {
	data, err := json.Marshal(document)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding the %s: %w", schema, err)
	}
	var plain any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&plain); err != nil {
		return nil, nil, fmt.Errorf("encoding the %s: %w", schema, err)
	}
	value, err := ast.InterfaceToValue(plain)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding the %s: %w", schema, err)
	}
	if err := e.validate(ctx, schema, value); err != nil {
		return nil, nil, fmt.Errorf("checking the %s against its schema: %w", schema, err)
	}
	return value, plain, nil
}

// validate checks value against a schema with OPA's own validator.
func (e *Engine) validate(ctx context.Context, schema string, value ast.Value) error {
	input := ast.NewObject(
		[2]*ast.Term{ast.StringTerm("document"), ast.NewTerm(value)},
		[2]*ast.Term{ast.StringTerm("schema"), ast.NewTerm(e.schemas[schema])},
	)
	results, err := rego.New(
		rego.Query("json.match_schema(input.document, input.schema)"),
		rego.ParsedInput(input),
		rego.StrictBuiltinErrors(true),
	).Eval(ctx)
	if err != nil {
		return err
	}
	result, err := single(results)
	if err != nil {
		return err
	}
	var verdict struct {
		ok     bool
		faults []struct {
			Error string `json:"error"`
		}
	}
	pair, isPair := result.([]any)
	if !isPair || len(pair) != 2 {
		return fmt.Errorf("the validator answered %v", result)
	}
	if verdict.ok, isPair = pair[0].(bool); isPair && verdict.ok {
		return nil
	}
	data, err := json.Marshal(pair[1])
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &verdict.faults); err != nil {
		return err
	}
	var faults []string
	for _, fault := range verdict.faults {
		faults = append(faults, fault.Error)
	}
	slices.Sort(faults)
	return fmt.Errorf("%d faults: %s", len(faults), strings.Join(faults[:min(len(faults), 5)], "; "))
}

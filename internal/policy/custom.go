package policy

// This file evaluates the rules that a repository has of its own. They come from its default branch, where whoever may
// merge can change them: they see what the built-in rules see, cannot reach those, and can only deny.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

const (
	// customTimeout bounds one file of custom rules, compiled and evaluated.
	customTimeout = 5 * time.Second
	// maxCustomDenials is how many denials of one file are kept: more tell a reader nothing.
	maxCustomDenials = 100

	ruleCustom      = "custom"
	customHint      = "Mend the rule on the default branch: until then nothing is admitted."
	customFormsHint = "A rule is: deny contains {\"msg\": …} if { … }; hint and field may be there too. Mend it on the default branch: until then nothing is admitted."
)

// faulty is a file of custom rules that cannot be asked.
type faulty struct {
	place string // the file, and the line where it is known
	cause string
	hint  string
}

// custom asks every file for what it denies. A file that cannot be asked is a denial of the rule "custom". The steps are
// one for that rule, and one for each package.
func (e *Engine) custom(ctx context.Context, input ast.Value, files map[string][]byte) ([]Denial, []TraceStep) {
	own := TraceStep{Rule: ruleCustom, Title: "The repository's own rules can be asked", Facts: []string{FactCustomRules}, Outcome: OutcomePass}
	if len(files) == 0 {
		own.Outcome = OutcomeNotApplicable
	}
	denials, packages := []Denial{}, map[string]TraceStep{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		pkg, found, fault := e.customFile(ctx, input, name, string(files[name]))
		if fault != nil {
			own.Outcome = OutcomeDeny
			found = []Denial{{Rule: ruleCustom, Field: fault.place, Message: fault.cause, Hint: cmp.Or(fault.hint, customHint)}}
		} else {
			id := ruleCustom + ":" + pkg
			step := TraceStep{Rule: id, Title: "Nothing is denied by the repository's rules in package " + pkg, Facts: []string{FactCustomRules}, Outcome: OutcomePass}
			if len(found) > 0 || packages[id].Outcome == OutcomeDeny {
				step.Outcome = OutcomeDeny
			}
			packages[id] = step
		}
		denials = append(denials, found...)
	}
	steps := []TraceStep{own}
	for _, id := range slices.Sorted(maps.Keys(packages)) {
		steps = append(steps, packages[id])
	}
	return denials, steps
}

// customFile asks one file. It is compiled on its own, so that it cannot see or change any other.
func (e *Engine) customFile(ctx context.Context, input ast.Value, name, source string) (string, []Denial, *faulty) {
	ctx, cancel := context.WithTimeout(ctx, customTimeout)
	defer cancel()
	module, err := ast.ParseModuleWithOpts(name, source, ast.ParserOptions{ProcessAnnotation: true, Capabilities: capabilities()})
	if err != nil {
		return "", nil, &faulty{place: placeIn(name, err), cause: "it is not Rego: " + firstOf(err)}
	}
	if module == nil {
		return "", nil, &faulty{place: name + ":1", cause: "it is empty", hint: customFormsHint}
	}
	if fault := wellMade(name, module); fault != nil {
		return "", nil, fault
	}
	compiler := ast.NewCompiler().WithStrict(true).WithCapabilities(capabilities()).WithSchemas(e.inputSchema).WithUseTypeCheckAnnotations(true)
	if compiler.Compile(map[string]*ast.Module{name: module}); compiler.Failed() {
		return "", nil, &faulty{place: placeIn(name, compiler.Errors), cause: "it does not compile: " + firstOf(compiler.Errors)}
	}
	pkg := packageOf(module)
	results, err := rego.New(
		rego.Query("data."+pkg+".deny"), rego.Compiler(compiler), rego.ParsedInput(input), rego.StrictBuiltinErrors(true),
	).Eval(ctx)
	switch {
	case ctx.Err() != nil:
		return "", nil, &faulty{place: name + ":1", cause: fmt.Sprintf("it is not done after %s", customTimeout)}
	case err != nil:
		return "", nil, &faulty{place: placeIn(name, err), cause: "it cannot be evaluated: " + firstOf(err)}
	}
	denials, err := customDenials(results, ruleCustom+":"+pkg, name)
	if err != nil {
		return "", nil, &faulty{place: name + ":1", cause: err.Error(), hint: customFormsHint}
	}
	return pkg, denials, nil
}

// wellMade says what a file lacks that would make it silent: silence would be taken for consent.
func wellMade(name string, module *ast.Module) *faulty {
	pkg := packageOf(module)
	if pkg != "rules" && !strings.HasPrefix(pkg, "rules.") {
		return &faulty{place: lineIn(name, module.Package.Location), cause: fmt.Sprintf("its package is %q, not rules or one below it", pkg)}
	}
	denies := false
	for _, rule := range module.Rules {
		if rule.Head.Ref()[0].Value.Compare(ast.Var("deny")) != 0 {
			continue
		}
		if rule.Head.RuleKind() != ast.MultiValue || len(rule.Head.Ref()) != 1 || rule.Default {
			return &faulty{place: lineIn(name, rule.Location), cause: "deny is not a set", hint: customFormsHint}
		}
		denies = true
	}
	if !denies {
		return &faulty{place: name + ":1", cause: "it has no rule deny", hint: customFormsHint}
	}
	for _, imported := range module.Imports {
		if ref, ok := imported.Path.Value.(ast.Ref); ok && ref.HasPrefix(ast.DefaultRootRef) {
			return &faulty{place: lineIn(name, imported.Location), cause: fmt.Sprintf("it imports %s, and a file sees no other", ref)}
		}
	}
	var fault *faulty
	ast.WalkTerms(module, func(term *ast.Term) bool {
		ref, ok := term.Value.(ast.Ref)
		if ok && fault == nil && ref.HasPrefix(ast.DefaultRootRef) && !ref.Equal(module.Package.Path) && !ref.HasPrefix(module.Package.Path) {
			fault = &faulty{place: lineIn(name, term.Location), cause: fmt.Sprintf("it reads %s, and a file sees no other", ref)}
		}
		return false
	})
	return fault
}

// packageOf returns the name of the module's package as people write it.
func packageOf(module *ast.Module) string {
	return strings.TrimPrefix(module.Package.Path.String(), "data.")
}

// customDenials reads what deny holds: objects with msg and at the most hint and field, all of them texts.
func customDenials(results rego.ResultSet, id, name string) ([]Denial, error) {
	value, err := single(results)
	if err != nil {
		return nil, err
	}
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("deny is a %T, not a set", value)
	}
	if len(list) > maxCustomDenials {
		return nil, fmt.Errorf("it denies %d times; %d are read at the most", len(list), maxCustomDenials)
	}
	denials := make([]Denial, 0, len(list))
	for _, item := range list {
		object, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("deny holds a %T, not an object", item)
		}
		texts := map[string]string{"hint": "It is a rule of this repository, in " + name + " on the default branch.", "field": name}
		for key, value := range object {
			text, isText := value.(string)
			if !isText || strings.TrimSpace(text) == "" || !slices.Contains([]string{"msg", "hint", "field"}, key) {
				return nil, fmt.Errorf("deny holds an object whose %q is no text, or empty, or not known", key)
			}
			texts[key] = text
		}
		if texts["msg"] == "" {
			return nil, errors.New("deny holds an object without msg")
		}
		denials = append(denials, Denial{Rule: id, Field: texts["field"], Message: texts["msg"], Hint: texts["hint"]})
	}
	return denials, nil
}

// placeIn returns the file and the line that an error of OPA's is about.
func placeIn(name string, err error) string {
	var several ast.Errors
	if errors.As(err, &several) && len(several) > 0 {
		return lineIn(name, several[0].Location)
	}
	var evaluation *topdown.Error
	if errors.As(err, &evaluation) {
		return lineIn(name, evaluation.Location)
	}
	return name + ":1"
}

func lineIn(name string, at *ast.Location) string {
	if at == nil || at.Row == 0 {
		return name + ":1"
	}
	return fmt.Sprintf("%s:%d", name, at.Row)
}

// firstOf returns the first thing that an error of OPA's says, on one line and without its place.
func firstOf(err error) string {
	text := err.Error()
	var several ast.Errors
	if errors.As(err, &several) && len(several) > 0 {
		text = several[0].Message
	}
	var evaluation *topdown.Error
	if errors.As(err, &evaluation) {
		text = evaluation.Message
	}
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	return text
}

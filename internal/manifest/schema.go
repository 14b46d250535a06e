package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/stepdown/stepdown/internal/access"
)

// Schema returns the JSON Schema (draft-07, which editors support best) of all kinds of manifest, made of the tables that
// Parse reads by. Whatever Parse accepts is valid by it; Parse is stricter where JSON Schema has no words for a rule, such
// as the bounds of a duration.
func Schema() []byte {
	owner, settings := defaultTokenOwner(), access.DefaultSettings()
	definitions := map[string]any{
		access.KindTokenOwner: tokenOwnerTable(&owner).schema(),
		access.KindSettings:   settingsTable(&settings).schema(),
	}
	var branches []any
	for _, kind := range kinds() {
		branches = append(branches, map[string]any{
			"if":   map[string]any{"required": []string{"kind"}, "properties": map[string]any{"kind": map[string]any{"const": kind}}},
			"then": map[string]any{"$ref": "#/definitions/" + kind},
		})
	}
	root := map[string]any{
		"$schema":     "http://json-schema.org/draft-07/schema#",
		"title":       "stepdown manifest",
		"description": "What stands in the access directory: who may own an Okta API token, and by which rules.",
		"type":        "object",
		"required":    []string{"apiVersion", "kind"},
		"properties": map[string]any{
			"apiVersion": map[string]any{"const": access.APIVersion},
			"kind":       map[string]any{"enum": kinds()},
		},
		"allOf":       branches,
		"definitions": definitions,
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		// The tables hold strings, booleans and lists of them only; a test makes the schema.
		panic(fmt.Sprintf("encoding the schema of the manifests: %v", err))
	}
	return out.Bytes()
}

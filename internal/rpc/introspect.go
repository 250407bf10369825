package rpc

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/legion-go/legion/internal/strictjson"
)

// listed returns the methods that introspection shows: all that every protocol
// has.
func (r *Registry) listed() []*method {
	return slices.DeleteFunc(r.all(), func(m *method) bool { return m.session })
}

func (r *Registry) listMethods(context.Context, struct{}) ([]string, error) {
	var names []string
	for _, m := range r.listed() {
		names = append(names, m.Name)
	}
	return names, nil
}

// named is the parameter of the methods that describe another method.
type named struct {
	Method string `json:"method" usage:"the name of the method"`
}

func (r *Registry) find(name string) (*method, error) {
	m := r.lookup(name)
	if m == nil {
		return nil, invalid("parameter %q: there is no method %q; system.listMethods names all", "method", cut(name, maxQuoted))
	}
	return m, nil
}

func (r *Registry) methodHelp(_ context.Context, in named) (string, error) {
	m, err := r.find(in.Method)
	if err != nil {
		return "", err
	}
	var sections []string
	if m.Help != "" {
		sections = append(sections, m.Help)
	}
	if len(m.params) > 0 {
		list := "Parameters:"
		for _, p := range m.params {
			list += fmt.Sprintf("\n  %s: %s", p.Name, strictjson.Describe(p.Type))
			if p.Optional {
				list += ", optional"
			}
			if p.Usage != "" {
				list += "; " + p.Usage
			}
		}
		sections = append(sections, list)
	}
	if m.Role > None {
		sections = append(sections, fmt.Sprintf("Needs the role %s.", m.Role))
	}
	if m.Stream != nil {
		sections = append(sections, "It is a stream.")
	}
	return strings.Join(sections, "\n\n"), nil
}

// methodSignature lists the ways to call a method: with all parameters, with
// optional ones at the end left out, and with all by name in one struct. A
// parameter of several types multiplies each way.
func (r *Registry) methodSignature(_ context.Context, in named) ([][]string, error) {
	m, err := r.find(in.Method)
	if err != nil {
		return nil, err
	}
	out := xmlType(m.Out)
	ways := [][][]string{{{out}}} // by how many parameters there are
	needed := 0
	for i, p := range m.params {
		var longer [][]string
		for _, way := range ways[i] {
			for _, t := range xmlTypes(p.Type) {
				if len(longer) < maxSignatures {
					longer = append(longer, append(slices.Clone(way), t))
				}
			}
		}
		ways = append(ways, longer)
		if !p.Optional {
			needed = i + 1
		}
	}
	var signatures [][]string
	for n := len(m.params); n >= needed; n-- {
		signatures = append(signatures, ways[n]...)
	}
	if byName := []string{out, "struct"}; len(m.params) > 0 && !m.single &&
		!slices.ContainsFunc(signatures, func(s []string) bool { return slices.Equal(s, byName) }) {
		signatures = append(signatures, byName)
	}
	return signatures, nil
}

// maxSignatures is how many signatures of one length are listed.
const maxSignatures = 32

// xmlTypes returns the names of the types that a value of t may have.
func xmlTypes(t reflect.Type) (names []string) {
	for _, a := range strictjson.Alternatives(t) {
		if name := xmlType(a); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if names == nil {
		names = []string{xmlType(t)}
	}
	return names
}

// xmlType returns the name of a type in XML-RPC. An any is a struct.
func xmlType(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case timeType:
		return "dateTime.iso8601"
	case durationType:
		return "double"
	}
	switch strictjson.FormOf(t) {
	case strictjson.Text:
		return "string"
	case strictjson.Own:
		return "struct"
	}
	switch kind := t.Kind(); {
	case kind == reflect.Bool:
		return "boolean"
	case kind >= reflect.Int && kind <= reflect.Uintptr:
		return "int"
	case kind == reflect.Float32, kind == reflect.Float64:
		return "double"
	case kind == reflect.String:
		return "string"
	case (kind == reflect.Slice || kind == reflect.Array) && t.Elem().Kind() == reflect.Uint8:
		return "base64"
	case kind == reflect.Slice, kind == reflect.Array:
		return "array"
	}
	return "struct"
}

// capability is a specification that the server follows.
type capability struct {
	SpecURL     string `json:"specUrl"`
	SpecVersion int    `json:"specVersion"`
}

func capabilities(context.Context, struct{}) (map[string]capability, error) {
	return map[string]capability{
		"xmlrpc":           {"http://www.xmlrpc.com/spec", 1},
		"system.multicall": {"http://www.xmlrpc.com/discuss/msgReader$1208", 1},
		"introspection":    {"http://phpxmlrpc.sourceforge.net/doc-2/ch10.html", 2},
		"nil":              {"http://www.ontosys.com/xml-rpc/extensions.php", 1},
		"faults_interop":   {"http://xmlrpc-epi.sourceforge.net/specs/rfc.fault_codes.php", 20010516},
		"json-rpc":         {"http://www.jsonrpc.org/specification", 2},
		"openrpc":          {"https://spec.open-rpc.org", 1},
	}, nil
}

// document is an OpenRPC document.
type document struct {
	OpenRPC    string        `json:"openrpc"`
	Info       info          `json:"info"`
	Methods    []methodEntry `json:"methods"`
	Components *components   `json:"components,omitempty"`
}

type info struct {
	Title   string `json:"title"`
	Version string `json:"version"`
}

type components struct {
	Schemas map[string]schema `json:"schemas"`
}

type methodEntry struct {
	Name           string       `json:"name"`
	Summary        string       `json:"summary,omitempty"`
	Description    string       `json:"description,omitempty"`
	ParamStructure string       `json:"paramStructure"`
	Params         []descriptor `json:"params"`
	Result         descriptor   `json:"result"`
	Role           Role         `json:"x-role"`
	Changes        bool         `json:"x-changes"`
	Stream         bool         `json:"x-stream"`
}

type descriptor struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Required    bool   `json:"required,omitzero"`
	Schema      schema `json:"schema"`
}

// discover describes all methods.
func (r *Registry) discover(context.Context, struct{}) (document, error) {
	d := document{
		OpenRPC: "1.3.2",
		Info:    info{cmp.Or(r.options.Title, "legion"), cmp.Or(r.options.Version, "0")},
		Methods: []methodEntry{},
	}
	s := newSchemas()
	for _, m := range r.listed() {
		d.Methods = append(d.Methods, entryOf(m, s))
	}
	if len(s.named) > 0 {
		d.Components = &components{s.named}
	}
	return d, nil
}

func entryOf(m *method, s *schemas) methodEntry {
	summary, more, _ := strings.Cut(m.Help, "\n")
	e := methodEntry{
		Name: m.Name, Summary: summary, Description: strings.TrimSpace(more), ParamStructure: "either",
		Params: []descriptor{}, Role: m.Role, Changes: m.Changes, Stream: m.Stream != nil,
		Result: descriptor{Name: "result", Schema: s.of(m.Out)},
	}
	if m.Stream != nil {
		e.Result.Name = "item"
	}
	// OpenRPC wants required parameters first. Where ours are mixed, callers can
	// give them by name only.
	optional := false
	for _, p := range m.params {
		optional = optional || p.Optional
		if optional && !p.Optional {
			e.ParamStructure = "by-name"
		}
		e.Params = append(e.Params, descriptor{p.Name, p.Usage, !p.Optional, s.of(p.Type)})
	}
	if e.ParamStructure == "by-name" {
		slices.SortStableFunc(e.Params, func(a, b descriptor) int {
			switch {
			case a.Required == b.Required:
				return 0
			case a.Required:
				return -1
			}
			return 1
		})
	}
	return e
}

package rpc_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/rpc"
)

type tree struct {
	Name     string            `json:"name" usage:"of the node"`
	Children []*tree           `json:"children,omitempty"`
	Born     time.Time         `json:"born"`
	Age      time.Duration     `json:"age"`
	Raw      []byte            `json:"raw"`
	Sum      [32]byte          `json:"sum"`
	Pair     [2]int16          `json:"pair"`
	Labels   map[string]uint32 `json:"labels"`
	Role     rpc.Role          `json:"role"`
	Own      jsontext.Value    `json:"own"`
	Any      any               `json:"any"`
	Where    struct{ X, Y float32 }
}

type page[T any] struct {
	Items []T `json:"items"`
}

type mixed struct {
	First  *int   `json:"first"`
	Second string `json:"second"`
}

func rich(t testing.TB) *rpc.Registry {
	type point struct{ Z uint8 } // another type of the same name
	return newRegistry(t, rpc.Options{Title: "thumbs", Version: "1.2.3"},
		rpc.Typed("tree.grow", "Grows a tree.\n\nSlowly.", rpc.Operate, func(_ context.Context, in tree) (page[*tree], error) { return page[*tree]{}, nil }),
		rpc.Typed("tree.points", "", rpc.Read, func(_ context.Context, in []point) (page[point], error) { return page[point]{}, nil }),
		rpc.Typed("tree.mixed", "", rpc.Read, func(_ context.Context, in mixed) (*mixed, error) { return &in, nil }),
		rpc.Streamed("tree.follow", "Follows a tree.", rpc.Read, func(_ context.Context, in none, send func(tree) error) error { return nil }),
	)
}

// rpc.discover is a valid document of OpenRPC, as its meta-schema says.
func TestDiscoverIsOpenRPC(t *testing.T) {
	v := newValidator(t)
	for name, r := range map[string]*rpc.Registry{"bare": rpc.New(rpc.Options{}), "rich": rich(t)} {
		var document any
		if err := json.Unmarshal(call(t, r, "rpc.discover", "[]").Result, &document); err != nil {
			t.Fatal(err)
		}
		if err := v.check(document); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := resolved(document, document); err != "" {
			t.Errorf("%s: the reference %s leads nowhere", name, err)
		}
	}
}

// resolved returns a reference in value that is to nothing in the document, ""
// if there is none.
func resolved(value, document any) string {
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			if bad := resolved(e, document); bad != "" {
				return bad
			}
		}
	case map[string]any:
		if reference, ok := v["$ref"].(string); ok {
			components := document.(map[string]any)["components"].(map[string]any)["schemas"].(map[string]any)
			if components[strings.TrimPrefix(reference, "#/components/schemas/")] == nil {
				return reference
			}
		}
		for _, e := range v {
			if bad := resolved(e, document); bad != "" {
				return bad
			}
		}
	}
	return ""
}

// The validator finds what is wrong: otherwise that it finds nothing would say
// nothing.
func TestValidator(t *testing.T) {
	v := newValidator(t)
	for name, text := range map[string]string{
		"no list":            `[]`,
		"no info":            `{"openrpc":"1.3.2","methods":[]}`,
		"no title":           `{"openrpc":"1.3.2","info":{"version":"1"},"methods":[]}`,
		"version":            `{"openrpc":"2.0","info":{"title":"x","version":"1"},"methods":[]}`,
		"unknown member":     `{"openrpc":"1.3.2","info":{"title":"x","version":"1"},"methods":[],"y-role":1}`,
		"method":             `{"openrpc":"1.3.2","info":{"title":"x","version":"1"},"methods":[{"name":"a"}]}`,
		"no schema":          `{"openrpc":"1.3.2","info":{"title":"x","version":"1"},"methods":[{"name":"a","params":[{"name":"b"}]}]}`,
		"no such type":       `{"openrpc":"1.3.2","info":{"title":"x","version":"1"},"methods":[{"name":"a","params":[{"name":"b","schema":{"type":"int"}}]}]}`,
		"negative":           `{"openrpc":"1.3.2","info":{"title":"x","version":"1"},"methods":[{"name":"a","params":[{"name":"b","schema":{"minItems":-1}}]}]}`,
		"in an inner schema": `{"openrpc":"1.3.2","info":{"title":"x","version":"1"},"methods":[{"name":"a","params":[{"name":"b","schema":{"properties":{"c":{"type":1}}}}]}]}`,
		"a required twice":   `{"openrpc":"1.3.2","info":{"title":"x","version":"1"},"methods":[],"components":{"schemas":{"A":{"required":["a","a"]}}}}`,
		"structure":          `{"openrpc":"1.3.2","info":{"title":"x","version":"1"},"methods":[{"name":"a","params":[],"paramStructure":"any"}]}`,
	} {
		var document any
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			t.Fatal(err)
		}
		if v.check(document) == nil {
			t.Errorf("%s: %s is accepted", name, text)
		}
	}
}

// What the document says of a method, in full.
func TestDiscover(t *testing.T) {
	var document struct {
		OpenRPC    string
		Info       struct{ Title, Version string }
		Methods    []map[string]json.RawMessage
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(call(t, rich(t), "rpc.discover", "[]").Result, &document); err != nil {
		t.Fatal(err)
	}
	if document.OpenRPC != "1.3.2" || document.Info.Title != "thumbs" || document.Info.Version != "1.2.3" {
		t.Errorf("%s %+v", document.OpenRPC, document.Info)
	}
	var names []string
	for _, m := range document.Methods {
		name := strings.Trim(string(m["name"]), `"`)
		names = append(names, name)
		whole, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		want, tested := map[string]string{
			"tree.grow": `{"description":"Slowly.","name":"tree.grow","paramStructure":"by-name","params":[` +
				`{"name":"name","description":"of the node","required":true,"schema":{"type":"string"}},` +
				`{"name":"born","required":true,"schema":{"format":"date-time","type":"string"}},` +
				`{"name":"age","required":true,"schema":{"description":"seconds","type":"number"}},` +
				`{"name":"raw","required":true,"schema":{"contentEncoding":"base64","type":"string"}},` +
				`{"name":"sum","required":true,"schema":{"contentEncoding":"base64","type":"string"}},` +
				`{"name":"pair","required":true,"schema":{"items":{"maximum":32767,"minimum":-32768,"type":"integer"},"maxItems":2,"minItems":2,"type":"array"}},` +
				`{"name":"labels","required":true,"schema":{"additionalProperties":{"maximum":4294967295,"minimum":0,"type":"integer"},"type":"object"}},` +
				`{"name":"role","required":true,"schema":{"type":"string"}},` +
				`{"name":"own","required":true,"schema":{}},{"name":"any","required":true,"schema":{}},` +
				`{"name":"Where","required":true,"schema":{"properties":{"X":{"type":"number"},"Y":{"type":"number"}},"required":["X","Y"],"type":"object"}},` +
				`{"name":"children","schema":{"items":{"$ref":"#/components/schemas/tree"},"type":"array"}}],` +
				`"result":{"name":"result","schema":{"$ref":"#/components/schemas/page_tree"}},` +
				`"summary":"Grows a tree.","x-changes":true,"x-role":"operate","x-stream":false}`,
			"tree.mixed": `{"name":"tree.mixed","paramStructure":"by-name","params":[` +
				`{"name":"second","required":true,"schema":{"type":"string"}},{"name":"first","schema":{"type":"integer"}}],` +
				`"result":{"name":"result","schema":{"$ref":"#/components/schemas/mixed"}},"x-changes":false,"x-role":"read","x-stream":false}`,
			"tree.follow": `{"name":"tree.follow","paramStructure":"either","params":[],"result":{"name":"item","schema":{"$ref":"#/components/schemas/tree"}},` +
				`"summary":"Follows a tree.","x-changes":false,"x-role":"read","x-stream":true}`,
		}[name]
		if tested && string(whole) != want {
			t.Errorf("got  %s\nwant %s", whole, want)
		}
	}
	if !slices.IsSorted(names) || !slices.Contains(names, "system.multicall") || slices.Contains(names, "rpc.auth") {
		t.Errorf("%v", names)
	}
	// Two types are called point: they do not share a schema.
	want := "capability components descriptor document info methodEntry mixed page_point page_tree point rpc_test.point shape tree"
	if got := strings.Join(slices.Sorted(maps.Keys(document.Components.Schemas)), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestListMethods(t *testing.T) {
	var names []string
	if err := json.Unmarshal(call(t, rich(t), "system.listMethods", "[]").Result, &names); err != nil {
		t.Fatal(err)
	}
	want := "any days echo fail nothing panic rpc.discover shape subtract system.getCapabilities system.listMethods " +
		"system.methodHelp system.methodSignature system.multicall tree.follow tree.grow tree.mixed tree.points"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestHelpAndSignature(t *testing.T) {
	r := rich(t)
	for _, c := range []struct{ method, help, signature string }{
		{"nothing", `"Takes nothing."`, `[["boolean"]]`},
		{"days", `"Takes a number.\n\nParameters:\n  value: an integer"`, `[["int","int"]]`},
		{"shape", `"Says the same shape.\n\nParameters:\n  name: a string\n  sides: an integer from -128 to 127; how many\n  ` +
			`every: a number of seconds or a string such as \"1m30s\", optional\n  tag: a string, optional\n  inner: an object, optional"`,
			`[["struct","string","int","double","string","struct"],["struct","string","int","double","string"],["struct","string","int","double"],` +
				`["struct","string","int"],["struct","struct"]]`},
		{"tree.mixed", `"Parameters:\n  first: an integer, optional\n  second: a string\n\nNeeds the role read."`, `[["struct","int","string"],["struct","struct"]]`},
		{"tree.points", `"Parameters:\n  value: a list\n\nNeeds the role read."`, `[["struct","array"]]`},
		{"tree.follow", `"Follows a tree.\n\nNeeds the role read.\n\nIt is a stream."`, `[["struct"]]`},
		{"tree.grow", ``, `[["struct","string","array","dateTime.iso8601","double","base64","base64","array","struct","string","struct","struct","struct"],["struct","struct"]]`},
	} {
		if got := string(call(t, r, "system.methodHelp", `["`+c.method+`"]`).Result); c.help != "" && got != c.help {
			t.Errorf("%s:\ngot  %s\nwant %s", c.method, got, c.help)
		}
		if got := string(call(t, r, "system.methodSignature", `{"method":"`+c.method+`"}`).Result); got != c.signature {
			t.Errorf("%s:\ngot  %s\nwant %s", c.method, got, c.signature)
		}
	}
	if a := call(t, r, "system.methodHelp", `["missing"]`); a.code() != rpc.CodeParams ||
		a.message() != `Invalid params: parameter "method": there is no method "missing"; system.listMethods names all` {
		t.Errorf("%d %s", a.code(), a.message())
	}
}

func TestCapabilities(t *testing.T) {
	var got map[string]struct {
		SpecURL     string `json:"specUrl"`
		SpecVersion int    `json:"specVersion"`
	}
	if err := json.Unmarshal(call(t, rich(t), "system.getCapabilities", "[]").Result, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"xmlrpc", "system.multicall", "introspection", "nil", "faults_interop", "json-rpc", "openrpc"} {
		if c := got[name]; c.SpecURL == "" || c.SpecVersion == 0 {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// Everything that introspection says can be said in XML-RPC too.
func TestIntrospectionXML(t *testing.T) {
	r := rich(t)
	for method, params := range map[string][]any{
		"system.listMethods": nil, "system.getCapabilities": nil, "rpc.discover": nil,
		"system.methodHelp": {"tree.grow"}, "system.methodSignature": {"tree.grow"},
	} {
		if result, err := xmlCall(t, r, method, params...); err != nil || len(result) < 10 {
			t.Errorf("%s: %s, %v", method, result, err)
		}
	}
}

package legion

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/pool"
)

// Each field of Pool has its entry in options, and its documents say what that
// says. This tells what was forgotten of a new one.
func TestOptionsAreWhole(t *testing.T) {
	fields := reflect.VisibleFields(reflect.TypeFor[Pool]())
	if len(fields) != len(options) {
		t.Errorf("Pool has %d fields, options %d entries", len(fields), len(options))
	}
	docs := fieldDocs(t, "pool.go", "Pool")
	configure := methodDoc(t, "supervisor_configure.go", "Configure")
	core := reflect.TypeFor[pool.Config]()
	for i, f := range fields {
		if i >= len(options) || options[i].name != f.Name {
			t.Fatalf("options has no entry for %s at its place, %d", f.Name, i)
		}
		o, word := options[i], regexp.MustCompile(`\b`+f.Name+`\b`)
		if docs[f.Name] == "" {
			t.Errorf("%s has no comment", f.Name)
		}
		if o.fill != nil && !strings.Contains(strings.ToLower(docs[f.Name]), "default") {
			t.Errorf("the comment of %s does not say the default", f.Name)
		}
		if o.live != word.MatchString(configure) {
			t.Errorf("%s can be changed: %v, but the comment of Configure says otherwise", f.Name, o.live)
		}
		if in, ok := core.FieldByName(f.Name); ok && in.Type != f.Type {
			t.Errorf("%s is a %v in Pool and a %v in the core", f.Name, f.Type, in.Type)
		}
		if o.live && !coreHas(core, f.Name) {
			t.Errorf("%s can be changed, but the core does not know it", f.Name)
		}
	}
	for _, f := range reflect.VisibleFields(core) {
		switch f.Name {
		case "Name", "Funcs", "Fresh", "Spare", "Once", "Looping", "Sealed", "Ahead", "Jitter", "MaxBootFails", "BackoffMin", "BackoffMax":
		default:
			if _, ok := reflect.TypeFor[Pool]().FieldByName(f.Name); !ok {
				t.Errorf("the core's %s is no field of Pool, and declaration.core does not fill it in", f.Name)
			}
		}
	}
}

func coreHas(core reflect.Type, name string) bool {
	_, ok := core.FieldByName(name)
	return ok
}

// fieldDocs returns the comment of each field of a struct. Fields without a
// comment between them share one.
func fieldDocs(t *testing.T, file, typ string) map[string]string {
	docs := map[string]string{}
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != typ {
			return true
		}
		text := ""
		for _, field := range spec.Type.(*ast.StructType).Fields.List {
			if field.Doc != nil {
				text = field.Doc.Text()
			}
			for _, name := range field.Names {
				docs[name.Name] = text
			}
		}
		return false
	})
	return docs
}

func methodDoc(t *testing.T, file, name string) string {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range f.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Name.Name == name {
			return fn.Doc.Text()
		}
	}
	t.Fatalf("%s has no %s", file, name)
	return ""
}

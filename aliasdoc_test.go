package legion_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/legion-go/legion"
)

// go doc shows nothing of what an alias stands for in an internal package: the
// comment of each of these tells all fields and methods.
func TestAliasesTellWhatTheyAre(t *testing.T) {
	known := map[string]reflect.Type{
		"Caller": reflect.TypeFor[legion.Caller](), "MethodError": reflect.TypeFor[legion.MethodError](), "Role": reflect.TypeFor[legion.Role](),
		"Spawn": reflect.TypeFor[legion.Spawn](), "Transport": reflect.TypeFor[legion.Transport](), "OnExit": reflect.TypeFor[legion.OnExit](),
		"Either":  reflect.TypeFor[legion.Either[int, string]](),
		"Sandbox": reflect.TypeFor[legion.Sandbox](), "Network": reflect.TypeFor[legion.Network](), "Recorder": reflect.TypeFor[legion.Recorder](),
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range gen.Specs {
				s, ok := spec.(*ast.TypeSpec)
				if !ok || !s.Assign.IsValid() || !s.Name.IsExported() {
					continue
				}
				typ := known[s.Name.Name]
				if typ == nil {
					t.Errorf("%s: the alias %s is not known to this test", name, s.Name.Name)
					continue
				}
				if !strings.Contains(typ.PkgPath(), "/internal/") {
					continue
				}
				for _, word := range parts(typ) {
					if !strings.Contains(gen.Doc.Text(), word) {
						t.Errorf("%s: the comment of %s does not tell of its %s", name, s.Name.Name, word)
					}
				}
			}
		}
	}
}

// parts are the exported fields and methods of a type and of its pointer.
func parts(t reflect.Type) (names []string) {
	if t.Kind() == reflect.Struct {
		for _, field := range reflect.VisibleFields(t) {
			names = append(names, field.Name)
		}
	}
	for method := range reflect.PointerTo(t).NumMethod() {
		names = append(names, reflect.PointerTo(t).Method(method).Name)
	}
	return names
}

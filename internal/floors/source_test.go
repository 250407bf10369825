package floors

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// source is a Go file of the module, or of a module below it.
type source struct {
	name   string // its path below the module's folder
	pkg    string // the folder of name: the package
	test   bool
	lines  int
	syntax *ast.File
	fset   *token.FileSet
}

// position says where a node of the file is.
func (s source) position(n ast.Node) string {
	p := s.fset.Position(n.Pos())
	p.Filename = s.name
	return p.String()
}

// span returns the number of lines of a node.
func (s source) span(n ast.Node) int {
	return s.fset.Position(n.End()).Line - s.fset.Position(n.Pos()).Line + 1
}

// sources parses the Go files of all systems.
func sources(t *testing.T) (files []source) {
	t.Helper()
	top := filepath.Join("..", "..")
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(name, ".") && path != top || name == "testdata" || name == "build"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s := source{test: strings.HasSuffix(path, "_test.go"), lines: bytes.Count(text, []byte("\n")), fset: token.NewFileSet()}
		if s.name, err = filepath.Rel(top, path); err != nil {
			return err
		}
		s.pkg = filepath.Dir(s.name)
		s.syntax, err = parser.ParseFile(s.fset, path, text, parser.SkipObjectResolution)
		files = append(files, s)
		return err
	})
	if err != nil {
		t.Fatalf("reading the module's files: %v", err)
	}
	if len(files) < 2 {
		t.Fatalf("found %d files of the module; the test would check nothing", len(files))
	}
	return files
}

package legion_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/architecture.md names folders, files and functions that exist. Where a
// function stands with its file, it is in that file.
func TestArchitectureIsTrue(t *testing.T) {
	text := read(t, "docs/architecture.md")
	files := map[string]string{}              // by base name and by path
	functions := map[string]map[string]bool{} // by name: the files they are in
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") && !strings.Contains(path, "floors") {
			return err
		}
		files[path] = path
		if _, known := files[filepath.Base(path)]; !known || !strings.Contains(path, "/") {
			files[filepath.Base(path)] = path
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				if functions[fn.Name.Name] == nil {
					functions[fn.Name.Name] = map[string]bool{}
				}
				functions[fn.Name.Name][path] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`[a-z]+[a-z/_]*\.go\b`).FindAllString(text, -1) {
		if files[found] == "" {
			t.Errorf("there is no file %s", found)
		}
	}
	for _, found := range regexp.MustCompile("`(internal/[a-z/]+|cmd|examples|conformance)`").FindAllStringSubmatch(text, -1) {
		if info, err := os.Stat(found[1]); err != nil || !info.IsDir() {
			t.Errorf("there is no folder %s", found[1])
		}
	}
	exists := func(name string) map[string]bool {
		return functions[name[strings.LastIndex(name, ".")+1:]]
	}
	// `name` (`file`), and `name` in `file`
	placed := regexp.MustCompile("`([A-Za-z.]+)` (?:\\(|in )`([a-z/_]+\\.go)`")
	n := 0
	for _, found := range placed.FindAllStringSubmatch(text, -1) {
		if strings.HasSuffix(found[1], ".go") || strings.Contains(found[1], "/") {
			continue
		}
		n++
		if in := exists(found[1]); !in[files[found[2]]] {
			t.Errorf("there is no function %s in %s", found[1], found[2])
		}
	}
	// The call trees: the words before the notes.
	for _, line := range strings.Split(text, "\n") {
		branch := regexp.MustCompile(`^[│ ]*[├└]─ ([A-Za-z., ]+?)(?: \(([a-z]+\.go)\))?(?:,|  |$)`).FindStringSubmatch(line)
		if branch == nil {
			continue
		}
		for _, name := range strings.Split(branch[1], ", ") {
			if strings.Contains(name, " ") {
				continue // words, not a name
			}
			n++
			if in := exists(name); len(in) == 0 || branch[2] != "" && !in[branch[2]] {
				t.Errorf("there is no function %s %s", name, branch[2])
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d functions were looked for", n)
	}
}

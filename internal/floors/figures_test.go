package floors

import (
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// figure is a size of the code that must not grow.
type figure struct {
	what    string
	is      int
	ceiling int    // is must not exceed it; lower it when is falls
	goal    int    // what ceiling shall become
	where   string // what the figure is about
}

// TestFigures prints how large the code is: make figures. It fails if a figure
// exceeds its ceiling.
func TestFigures(t *testing.T) {
	files := sources(t)
	for _, f := range []figure{
		rootLines(files, 6500, 6500),
		rootTypes(files, 36, 36),
		daemonFields(files, 18, 18),
		poolWords(files, 2, 2),
		logWriters(files, 1, 1),
		upwardImports(t, 0, 0),
		retiredWords(files, 0, 0),
		largestFile(files, 400, 400),
		longestFunction(files, 70, 70),
	} {
		fmt.Fprintf(t.Output(), "%-39s %5d, at most %5d, goal %5d  %s\n", f.what, f.is, f.ceiling, f.goal, f.where)
		if f.is > f.ceiling {
			t.Errorf("%s: %d, more than %d (%s)", f.what, f.is, f.ceiling, f.where)
		}
	}
	// No ceiling: another machine, or a busy one, is slower.
	took := "not measured: make short"
	if text, err := os.ReadFile(filepath.Join("..", "..", "build", "short.seconds")); err == nil {
		took = strings.TrimSpace(string(text))
	}
	fmt.Fprintf(t.Output(), "%-39s %5s, goal 60 on 2 idle cores\n", "seconds of the last make short", took)
}

// code are the files of packages that are no examples, benchmarks or tools,
// without tests.
func code(files []source) (of []source) {
	for _, s := range files {
		switch top, _, _ := strings.Cut(s.pkg, "/"); {
		case s.test, top == "bench", top == "examples", top == "conformance", top == "tools":
		default:
			of = append(of, s)
		}
	}
	return of
}

// in are the files of one package, without its tests.
func in(pkg string, files []source) (of []source) {
	for _, s := range code(files) {
		if s.pkg == pkg {
			of = append(of, s)
		}
	}
	return of
}

// types yields each type that the files declare at their top level.
func types(files []source) func(func(source, *ast.TypeSpec) bool) {
	return func(yield func(source, *ast.TypeSpec) bool) {
		for _, s := range files {
			for _, d := range s.syntax.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok || g.Tok != token.TYPE {
					continue
				}
				for _, spec := range g.Specs {
					if !yield(s, spec.(*ast.TypeSpec)) {
						return
					}
				}
			}
		}
	}
}

func rootLines(files []source, ceiling, goal int) figure {
	f := figure{what: "lines of the root package without tests", ceiling: ceiling, goal: goal}
	for _, s := range in(".", files) {
		f.is += s.lines
	}
	return f
}

func rootTypes(files []source, ceiling, goal int) figure {
	f := figure{what: "exported types of the root package", ceiling: ceiling, goal: goal}
	names := map[string]bool{} // of all systems
	for _, spec := range types(in(".", files)) {
		names[spec.Name.Name] = spec.Name.IsExported()
	}
	for _, exported := range names {
		if exported {
			f.is++
		}
	}
	return f
}

func daemonFields(files []source, ceiling, goal int) figure {
	f := figure{what: "fields of Daemon", ceiling: ceiling, goal: goal}
	for s, spec := range types(in(".", files)) {
		if of, ok := spec.Type.(*ast.StructType); ok && spec.Name.Name == "Daemon" {
			f.is, f.where = of.Fields.NumFields(), s.name
		}
	}
	return f
}

// poolWords counts words for a pool of workers. Two are enough: for what is
// declared, and for what runs.
func poolWords(files []source, ceiling, goal int) figure {
	f := figure{what: "words for a pool", ceiling: ceiling, goal: goal}
	words := []string{"crew", "declaration", "group", "pool", "supervisor", "team"}
	found := map[string]bool{}
	for _, spec := range types(append(in(".", files), in("internal/pool", files)...)) {
		if word := strings.ToLower(spec.Name.Name); slices.Contains(words, word) {
			found[word] = true
		}
	}
	for _, word := range words {
		if found[word] {
			f.is++
			f.where = strings.TrimSpace(f.where + " " + word)
		}
	}
	return f
}

// logWriters counts the packages that take what is written and hand it on in a
// goroutine of their own, so that the writer need not wait.
func logWriters(files []source, ceiling, goal int) figure {
	f := figure{what: "packages with a goroutine behind a Write", ceiling: ceiling, goal: goal}
	writes, goes := map[string]bool{}, map[string]bool{}
	for _, s := range code(files) {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				writes[s.pkg] = writes[s.pkg] || n.Recv != nil && n.Name.Name == "Write"
			case *ast.GoStmt:
				goes[s.pkg] = true
			}
			return true
		})
	}
	for pkg := range writes {
		if writes[pkg] && goes[pkg] {
			f.is++
			f.where = strings.TrimSpace(f.where + " " + pkg)
		}
	}
	return f
}

// upwardImports counts what TestImportsGoDownOnly complains about, on Linux.
func upwardImports(t *testing.T, ceiling, goal int) figure {
	g := graph{}
	for _, p := range list(t, "linux", module+"/...") {
		g[p.ImportPath] = p.Imports
	}
	return figure{what: "imports that do not go down", is: len(violations(g)), ceiling: ceiling, goal: goal}
}

// retiredWords counts names with a word that has made way for a usual one:
// "condemn" for startGrace, "bury" for endCalls.
func retiredWords(files []source, ceiling, goal int) figure {
	f := figure{what: "names with a retired word", ceiling: ceiling, goal: goal}
	words := []string{"blame", "bury", "condemn", "pulse", "reprieve", "suspect", "worn"}
	names := map[string]bool{}
	for _, s := range code(files) {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if ok && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(strings.ToLower(id.Name), w) }) && !names[id.Name] {
				names[id.Name] = true
				f.is++
				f.where = strings.TrimSpace(f.where + " " + id.Name)
			}
			return true
		})
	}
	return f
}

func largestFile(files []source, ceiling, goal int) figure {
	f := figure{what: "lines of the largest file", ceiling: ceiling, goal: goal}
	for _, s := range code(files) {
		if s.lines > f.is {
			f.is, f.where = s.lines, s.name
		}
	}
	return f
}

func longestFunction(files []source, ceiling, goal int) figure {
	f := figure{what: "lines of the longest function", ceiling: ceiling, goal: goal}
	for _, s := range code(files) {
		for _, d := range s.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && s.span(fn) > f.is {
				f.is, f.where = s.span(fn), fmt.Sprintf("%s, %s", fn.Name.Name, s.position(fn))
			}
		}
	}
	return f
}

package floors

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

func TestFiguresAreCounted(t *testing.T) {
	var files []source
	for name, text := range map[string]string{
		"daemon.go":             "package x\ntype Daemon struct {\n\ta, b int\n\tc struct{ d int }\n}\ntype (\n\tPool int\n\tdeclaration int\n)",
		"twice_linux.go":        "package x\ntype Twice int",
		"twice_darwin.go":       "package x\ntype Twice int",
		"daemon_test.go":        "package x\ntype Hidden int\nfunc f() {\n\n\n\n}",
		"internal/pool/pool.go": "package pool\ntype Pool int\ntype team int",
		"internal/box/box.go":   "package box\nfunc (b Box) Write() {\n\tgo b.run()\n}",
		"internal/file/file.go": "package file\nfunc (f File) Write() {}\nfunc buryIt() { buryIt() }",
		"internal/jobs/jobs.go": "package jobs\nfunc Go() { go Go() }",
		"examples/x/main.go":    "package main\nfunc (f File) Write() {\n\tgo main()\n\n\n}",
	} {
		s := source{name: name, pkg: filepath.Dir(name), test: strings.HasSuffix(name, "_test.go"), lines: strings.Count(text, "\n"), fset: token.NewFileSet()}
		var err error
		if s.syntax, err = parser.ParseFile(s.fset, name, text, parser.SkipObjectResolution); err != nil {
			t.Fatal(err)
		}
		files = append(files, s)
	}
	for _, c := range []struct {
		of    func([]source, int, int) figure
		is    int
		where string
	}{
		{rootLines, 10, ""},
		{rootTypes, 3, ""},
		{daemonFields, 3, "daemon.go"},
		{poolWords, 3, "declaration pool team"},
		{logWriters, 1, "internal/box"},
		{retiredWords, 1, "buryIt"},
		{largestFile, 8, "daemon.go"},
		{longestFunction, 3, "Write, internal/box/box.go:2:1"},
	} {
		if f := c.of(files, 0, 0); f.is != c.is || f.where != c.where {
			t.Errorf("%s: %d, %q, want %d, %q", f.what, f.is, f.where, c.is, c.where)
		}
	}
}

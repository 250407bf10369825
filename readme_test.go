package legion_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/slow"
)

// The first Go block of README.md is a whole program. What the README says it
// prints is what it prints, but for process ids and times.
func TestReadmeProgram(t *testing.T) {
	slow.Test(t, "links a program whose call runs into its deadline", "3 s")
	readme := read(t, "README.md")
	_, said, found := strings.Cut(readme, "It prints\n\n```\n")
	if !found {
		t.Fatal(`README.md has no block after "It prints"`)
	}
	said, _, _ = strings.Cut(said, "```")
	program := filepath.Join(t.TempDir(), "readme")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, "./examples/readme").CombinedOutput(); err != nil {
		t.Fatalf("building examples/readme: %v\n%s", err, out)
	}
	vary := regexp.MustCompile(`\d+(\.\d+)?m?s\b|pid \d+`)
	want := vary.ReplaceAllString(said, "…")
	var got string
	for range 3 { // a machine that is busy enough can make any call time out
		out, err := exec.CommandContext(t.Context(), program).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got = vary.ReplaceAllString(string(out), "…"); got == want {
			return
		}
	}
	t.Errorf("examples/readme prints\n%s\nREADME.md says\n%s", got, want)
}

// Every Go block of the documents, and every indented one of doc.go, stands
// like that in a file that is compiled.
func TestDocumentsQuoteCode(t *testing.T) {
	var code strings.Builder
	for _, pattern := range []string{"example*_test.go", "web/example_test.go", "web/front/example_test.go", "examples/*/*.go", "examples/ported/*/*.go", "examples/ported/*/*/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			code.WriteString(flat(read(t, name)))
		}
	}
	documents, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, name := range append(documents, "README.md") {
		for i, part := range strings.Split(read(t, name), "```go\n")[1:] {
			block, _, _ := strings.Cut(part, "```")
			blocks++
			if !strings.Contains(code.String(), flat(block)) {
				t.Errorf("%s: Go block %d stands in no example:\n%s", name, i+1, block)
			}
		}
	}
	for _, block := range regexp.MustCompile(`(//\t.*\n)+`).FindAllString(read(t, "doc.go"), -1) {
		blocks++
		if !strings.Contains(code.String(), flat(strings.ReplaceAll(block, "//\t", ""))) {
			t.Errorf("doc.go: this stands in no example:\n%s", block)
		}
	}
	if blocks < 5 {
		t.Errorf("only %d blocks of code were found", blocks)
	}
}

// Files that the documents name by a link are there.
func TestDocumentsLinkToFiles(t *testing.T) {
	documents, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^):#]+)(#[^)]*)?\)`)
	for _, name := range append(documents, "README.md", "CONTRIBUTING.md", "SECURITY.md") {
		for _, found := range link.FindAllStringSubmatch(read(t, name), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), found[1])); err != nil {
				t.Errorf("%s links to %s: %v", name, found[1], err)
			}
		}
	}
}

// docs/README.md, the index, links to every document.
func TestIndexNamesEveryDocument(t *testing.T) {
	index := read(t, "docs/README.md")
	documents, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range documents {
		if base := filepath.Base(name); base != "README.md" && !strings.Contains(index, "]("+base+")") {
			t.Errorf("docs/README.md has no link to %s: add it where a reader needs it", base)
		}
	}
}

// Tests that these documents name are there.
func TestGuaranteesNameTests(t *testing.T) {
	var tests strings.Builder
	for _, pattern := range []string{"*_test.go", "*/*_test.go", "*/*/*_test.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			tests.WriteString(read(t, name))
		}
	}
	for _, document := range []string{"docs/guarantees.md", "docs/faults.md", "docs/daemon.md", "docs/parity.md"} {
		named := regexp.MustCompile("`((?:Test|Fuzz|Example)[A-Za-z0-9_]+)`").FindAllStringSubmatch(read(t, document), -1)
		if len(named) == 0 {
			t.Errorf("%s names no test", document)
		}
		for _, n := range named {
			if !strings.Contains(tests.String(), "func "+n[1]+"(") {
				t.Errorf("%s names %s, which is not there", document, n[1])
			}
		}
	}
}

// Before its first check make test says what the machine lacks.
func TestMakeSaysWhatItNeeds(t *testing.T) {
	make, err := exec.LookPath("make")
	if err != nil {
		t.Skip("make is not installed: make test cannot run here")
	}
	c := exec.CommandContext(t.Context(), make, "test", "GO=/nowhere/go")
	c.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { // as if no make had called this test
		return strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "MFLAGS=")
	})
	out, err := c.CombinedOutput()
	if said, _, _ := strings.Cut(string(out), "\n"); err == nil || !strings.Contains(said, "needs Go 1.26 or later: /nowhere/go is not installed") {
		t.Errorf("%v; it says\n%s", err, out)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// wrapped is the end of a line within a comment.
var wrapped = regexp.MustCompile(`(?m)^(// .*)\n// +`)

// flat is text without indentation and empty lines, and with each comment on
// one line, so that it can be compared wherever it stands.
func flat(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	one := b.String()
	for before := ""; before != one; { // comments may be wrapped otherwise
		before, one = one, wrapped.ReplaceAllString(one, "$1 ")
	}
	return one
}

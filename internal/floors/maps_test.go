package floors

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fileName is the name of a Go file in a package comment.
var fileName = regexp.MustCompile(`\b[a-z][a-z0-9_]*\.go\b`)

// variant matches the part of a file's name that distinguishes the variants of
// one concept, for several systems or builds.
var variant = regexp.MustCompile(`_(linux|darwin|freebsd|bsd|unix|other|kqueue|flock|none|on|off|asm|signed|unsigned|temp)\.go$`)

// A package comment with a reading order names all files of the package, and
// only existing ones. One name is enough for a concept with variants.
func TestMapsAreTrue(t *testing.T) {
	maps := 0
	var docs []string
	for _, packages := range []string{"../*", "../..", "../../*", "../../web/*"} {
		found, err := filepath.Glob(filepath.Join(packages, "doc.go"))
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, found...)
	}
	docs = slices.DeleteFunc(docs, func(doc string) bool { return strings.HasPrefix(doc, "../../bench/") }) // another module
	for _, doc := range docs {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(filepath.Dir(doc), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		there := map[string]bool{} // by concept
		for i, f := range files {
			files[i] = filepath.Base(f)
			there[concept(files[i])] = true
		}
		named, own := map[string]bool{}, 0
		for _, name := range fileName.FindAllString(string(text), -1) {
			if !there[concept(name)] {
				t.Errorf("%s names %s, which does not exist", doc, name)
			} else if !named[concept(name)] {
				own++
			}
			named[concept(name)] = true
		}
		if own < 3 {
			continue // it only mentions a file, and has no reading order
		}
		maps++
		for _, f := range files {
			if f != "doc.go" && !strings.HasSuffix(f, "_test.go") && !named[concept(f)] {
				t.Errorf("%s does not say what %s is for", doc, f)
			}
		}
	}
	if maps < 20 {
		t.Errorf("%d maps were found: the test would check nothing", maps)
	}
}

// concept returns the name of a file without the part that makes it a variant.
func concept(file string) string { return variant.ReplaceAllString(file, ".go") }

package floors

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// claim is a row of a table of SECURITY.md: what is promised, and the tests
// that hold it.
type claim struct {
	what  string
	tests []namedTest
}

// namedTest is a test as a document names it: `TestX`, or with its package
// before it, pool: `TestX`.
type namedTest struct{ pkg, name string }

var (
	testName    = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9_]+)`")
	packageName = regexp.MustCompile(`^\s*([a-z]+):`)
)

// claimsOf returns the rows of the tables in text whose last column is headed
// "tests".
func claimsOf(text string) (claims []claim) {
	within := false
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		last := strings.TrimSpace(cells[max(len(cells)-2, 0)])
		switch {
		case len(cells) < 4 || !strings.HasPrefix(line, "|"):
			within = false
		case last == "tests":
			within = true
		case within && strings.Trim(last, "-") != "":
			c := claim{what: strings.TrimSpace(cells[1])}
			for group := range strings.SplitSeq(last, ";") {
				pkg := "."
				if found := packageName.FindStringSubmatch(group); found != nil {
					pkg = found[1]
				}
				for _, found := range testName.FindAllStringSubmatch(group, -1) {
					c.tests = append(c.tests, namedTest{pkg, found[1]})
				}
			}
			claims = append(claims, c)
		}
	}
	return claims
}

// Each claim of SECURITY.md names a test, which is in the package that it says.
// What the text beside the tables names is there, too.
func TestSecurityIsTested(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	there, anywhere := map[namedTest]bool{}, map[string]bool{}
	for _, s := range sources(t) {
		for _, d := range s.syntax.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test && f.Recv == nil {
				there[namedTest{path.Base(filepath.ToSlash(s.pkg)), f.Name.Name}] = true
				anywhere[f.Name.Name] = true
			}
		}
	}
	claims := claimsOf(string(text))
	for _, c := range claims {
		if len(c.tests) == 0 {
			t.Errorf("no test holds %q: name one, or write it", c.what)
		}
		for _, named := range c.tests {
			if !there[named] {
				t.Errorf("%q names %s of package %s, which is not there", c.what, named.name, named.pkg)
			}
		}
	}
	for _, found := range testName.FindAllStringSubmatch(string(text), -1) {
		if name := found[1]; !anywhere[name] && name != "TestX" {
			t.Errorf("%s is not there", name)
		}
	}
	if len(claims) < 35 {
		t.Errorf("%d claims were found: the test would check nothing", len(claims))
	}
}

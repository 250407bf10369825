package methods

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

// Each built-in method of the control socket has its help, and a verb, or a
// reason why it has none. CONTRIBUTING.md has the recipe.
func TestMethodsAreWhole(t *testing.T) {
	verbs, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	verbTable, _, _ := strings.Cut(string(verbs), "\n## Values\n")
	verbOf := map[string]string{} // by method
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| .* \\| (`[^|]*) \\|$").FindAllStringSubmatch(verbTable, -1) {
		for _, method := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[2], -1) {
			verbOf[method[1]] = row[1]
		}
	}
	control, err := os.ReadFile("../../docs/control.md")
	if err != nil {
		t.Fatal(err)
	}
	_, reasons, _ := strings.Cut(string(control), "\nThese have no verb:\n\n")
	reasons, _, _ = strings.Cut(reasons, "\n\n")
	without := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| .+ \\|$").FindAllStringSubmatch(reasons, -1) {
		without[row[1]] = true
	}
	files, err := filepath.Glob("../../cli/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var cli strings.Builder
	for _, name := range files {
		if b, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		} else if !strings.HasSuffix(name, "_test.go") {
			cli.Write(b)
		}
	}
	table := rpc.New(rpc.Options{})
	there := map[string]bool{}
	for _, m := range of(newFake()) {
		there[m.Name] = true
		if err := table.Add(m); err != nil {
			t.Error(err)
		}
		if sentence, _, _ := strings.Cut(m.Help, "\n\n"); len(sentence) < 10 || !strings.HasSuffix(sentence, ".") {
			t.Errorf("%s: its help does not begin with a sentence: %q", m.Name, m.Help)
		}
		verb := verbOf[m.Name]
		switch {
		case verb == "" && !without[m.Name]:
			t.Errorf("%s stands beside no verb in docs/json.md, and docs/control.md does not say why it has none", m.Name)
		case verb != "" && without[m.Name]:
			t.Errorf("%s has the verb %s in docs/json.md, and none in docs/control.md", m.Name, verb)
		case verb != "" && !strings.Contains(cli.String(), `"`+m.Name+`"`):
			t.Errorf("docs/json.md says that the verb %s calls %s, but nothing in package cli calls that", verb, m.Name)
		}
	}
	for name, verb := range verbOf {
		if !there[name] {
			t.Errorf("docs/json.md says that the verb %s calls %s, and there is no such method", verb, name)
		}
	}
	for name := range without {
		if !there[name] {
			t.Errorf("docs/control.md says why %s has no verb, and there is no such method", name)
		}
	}
}

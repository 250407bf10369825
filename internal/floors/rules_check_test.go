package floors

import (
	"slices"
	"testing"
)

func TestViolationsAreFound(t *testing.T) {
	g := graph{
		module:                               {"fmt", module + "/internal/pool", module + "/cli"},      // up
		module + "/internal/pool":            {module + "/internal/link", module + "/internal/worker"}, // sideways
		module + "/internal/worker":          {module + "/internal/wire", "golang.org/x/sys/unix"},
		module + "/internal/drawer":          {"fmt"}, // unknown
		module + "/internal/wire":            {module + "/internal/drawer"},
		module + "/internal/floors":          {module},
		module + "/cli":                      {module, module + "/client", module + "/internal/wire"}, // from outside
		module + "/lock":                     {module + "/cli"},                                       // sideways
		module + "/legiontest":               {module, module + "/internal/wire"},
		module + "/examples/thumbd":          {module, module + "/cli", module + "/examples/thumbd/pictures"},
		module + "/examples/thumbd/pictures": {"image"},
		module + "/examples/other":           {module + "/examples/thumbd/pictures", module + "/internal/wire"}, // both
		module + "/cmd":                      {},                                                                // unknown
		"example.com/elsewhere":              {module + "/internal/wire"},
	}
	want := []string{
		". (floor 5) imports cli (floor 7) above it",
		"cli imports internal/wire; it may import only what the module's users can import",
		"cmd has no floor: give it one in the table in internal/floors/rules_test.go",
		"examples/other imports examples/thumbd/pictures beside it (floor 8); imports go down only",
		"examples/other imports internal/wire; it may import only what the module's users can import",
		"internal/drawer has no floor: give it one in the table in internal/floors/rules_test.go",
		"internal/pool imports internal/worker beside it (floor 2); imports go down only",
		"lock (floor 6) imports cli (floor 7) above it",
	}
	if got := violations(g); !slices.Equal(got, want) {
		t.Errorf("found:\n%q\nwant:\n%q", got, want)
	}
}

func TestBurdensAreFound(t *testing.T) {
	g := graph{
		"root":     {"a", "gopher"},
		"a":        {"b", "testing/iotest"},
		"b":        {"a", "net/http", "go/token"},
		"net/http": {"crypto/tls"},
	}
	want := []string{"root → a → b → go/token", "root → a → b → net/http", "root → a → b → net/http → crypto/tls"}
	if got := burdens(g, "root"); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

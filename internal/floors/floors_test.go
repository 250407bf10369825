// Package floors tests the layering of the module: each package has a floor,
// imports go down only, and some packages must not come with the root package.
// rules_test.go has the rules, this file checks the tree against them.
package floors

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// systems are the operating systems whose files are checked: each has its own
// imports.
var systems = []string{"linux", "darwin", "freebsd"}

func TestImportsGoDownOnly(t *testing.T) {
	for _, system := range systems {
		g := graph{}
		// In a workspace the pattern also covers the modules below the root.
		for _, p := range list(t, system, module+"/...") {
			g[p.ImportPath] = p.Imports
		}
		if len(g) < 2 {
			t.Fatalf("%s: go list names %d packages of the module; the test would check nothing", system, len(g))
		}
		for _, v := range violations(g) {
			t.Errorf("%s: %s", system, v)
		}
	}
}

func TestRootPackageIsLight(t *testing.T) {
	// Modules allowed beside the standard library; each costs every worker memory
	// and time at its start.
	allowed := []string{"golang.org/x/sys", "github.com/netresearch/go-cron", "github.com/go-json-experiment/json"}
	for _, system := range systems {
		g, third := graph{}, map[string]string{}
		for _, p := range list(t, system, "-deps", module) {
			g[p.ImportPath] = p.Imports
			if !p.Standard && p.Module != nil && p.Module.Path != module && !slices.Contains(allowed, p.Module.Path) {
				third[p.ImportPath] = p.Module.Path
			}
		}
		for _, chain := range burdens(g, module) {
			t.Errorf("%s: the root package must not depend on this: %s", system, chain)
		}
		for path, chain := range reach(g, module) {
			if mod := third[path]; mod != "" {
				t.Errorf("%s: the root package must not depend on the module %s: %v", system, mod, chain)
			}
		}
	}
}

// listed is go list's output for a package.
type listed struct {
	ImportPath string
	Standard   bool
	Imports    []string // without those of tests
	Module     *struct{ Path string }
}

// list runs go list for packages on a system.
func list(t *testing.T, system string, args ...string) (packages []listed) {
	t.Helper()
	showTheTree(t)
	args = append([]string{"list", "-json=ImportPath,Standard,Imports,Module"}, args...)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	// Without cgo every system is listed in the same way; cgo's pseudo-packages do
	// not matter here.
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v for %s: %v\n%s", cmd.Args, system, err, stderr.Bytes())
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("%v for %s: %v", cmd.Args, system, err)
		}
		packages = append(packages, p)
	}
}

// showTheTree opens every folder of the module. go test answers from its cache
// unless a file or folder that the test itself read has changed; files that go
// list reads do not count.
func showTheTree(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if name := d.Name(); err == nil && d.IsDir() && (name == ".git" || name == "build") {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatalf("looking at the module's folders: %v", err)
	}
}

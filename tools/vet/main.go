// Command vet checks the types of packages and of their tests as they are for
// GOOS and GOARCH, and runs the analyzers of go vet on them. It reads all that
// they import from source, the standard library too. go vet compiles that
// first, which takes ten times as long for a system that is not in the build
// cache.
package main

import (
	"fmt"
	"os"

	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/analysis/suite/vet"
	"golang.org/x/tools/go/packages"
)

func main() {
	pkgs, err := packages.Load(&packages.Config{Mode: packages.LoadAllSyntax | packages.NeedModule, Tests: true}, os.Args[1:]...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "vet:", err)
		os.Exit(1)
	}
	if packages.PrintErrors(pkgs) > 0 {
		os.Exit(1)
	}
	graph, err := checker.Analyze(vet.Suite, pkgs, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, "vet:", err)
		os.Exit(1)
	}
	graph.PrintText(os.Stderr, -1)
	for _, act := range graph.Roots {
		if act.Err != nil || len(act.Diagnostics) > 0 {
			os.Exit(1)
		}
	}
}

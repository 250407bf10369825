// Package profile lets workers make profiles of themselves. It is imported for
// that alone:
//
//	import _ "github.com/legion-go/legion/profile"
//
// Then `thumbs worker profile`, `thumbs pool profile` and the methods
// worker.profile and pool.profile work, and Pool.Recorder keeps a profile of
// what a function did after its deadline. Without it they say that it is
// missing. Traces, `thumbs worker trace`, do not need it.
//
// It is a package of its own because runtime/pprof costs each worker a little:
// 1 to 1.4 % of its start, 200 to 400 KB of the program, and from then on a
// sample of each 512 KiB that it allocates, which the profile heap is made of
// (see [runtime.MemProfileRate]). Profiles cost nothing else while none is
// made.
//
//   - profile.go: what a worker does
//   - merge.go: one profile of several; message.go: their encoding
//
// It has no functions to call, and may be imported anywhere in the program.
package profile

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"

	"github.com/legion-go/legion/internal/profiling"
)

func init() { profiling.Provide(profiling.Tools{CPU: cpu, Write: write, Label: label, Merge: merge}) }

// cpu begins a profile of the processor time, with 100 samples for each second
// of it: the runtime prints a warning at any other rate.
func cpu(w io.Writer) (stop func(), err error) {
	if err := pprof.StartCPUProfile(w); err != nil {
		return nil, fmt.Errorf("%w: the program itself makes one, or another pool's worker that is a goroutine of the same process", err)
	}
	return pprof.StopCPUProfile, nil
}

// write writes a profile of another kind. That of the heap has what the last
// collection of garbage has left; so there is one first.
func write(w io.Writer, kind string) error {
	p := pprof.Lookup(kind)
	if p == nil {
		kinds := []string{"cpu"}
		for _, p := range pprof.Profiles() {
			kinds = append(kinds, p.Name())
		}
		slices.Sort(kinds)
		return fmt.Errorf("there is no profile %q: use %s", kind, strings.Join(kinds, ", "))
	}
	if kind == "heap" {
		runtime.GC()
	}
	return p.WriteTo(w, 0)
}

// label runs fn with a label for samples, and takes it away again.
func label(ctx context.Context, function string, fn func()) {
	pprof.Do(ctx, pprof.Labels("func", function), func(context.Context) { fn() })
}

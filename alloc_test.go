//go:build !race

// The race detector lets sync.Pool forget, so allocations are counted without
// it (make norace).

package legion_test

import (
	"context"
	"testing"

	"github.com/legion-go/legion"
)

func TestBytesAllocateOnlyTheirResult(t *testing.T) {
	k := newKit(legion.Pool{Max: 1}).start(t)
	in := make([]byte, 64)
	ctx := context.Background()
	if n := testing.AllocsPerRun(2000, func() {
		if _, err := k.echo.Call(ctx, in); err != nil {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("%v allocations for each call", n)
	}
}

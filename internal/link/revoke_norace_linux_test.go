//go:build !race

package link

import (
	"errors"
	"testing"

	"github.com/legion-go/legion/internal/wire"
)

// A mark that cannot be read ends the link. The race detector's atomic
// operations are C code, in which the fault would end the process.
func TestFaultInAMark(t *testing.T) {
	o := newOutbox(t)
	back := o.protect(&o.seg.mem[marksAt])
	ok := o.Revoke(wire.CallID(1, 1))
	back()
	if why := o.end.err.Load(); ok || why == nil || !errors.Is(*why, ErrCorrupt) || o.gate.n.Load() != 0 {
		t.Errorf("revoked %v, the link ends with %v, %d are inside", ok, why, o.gate.n.Load())
	}
}

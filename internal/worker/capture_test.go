package worker

import (
	"testing"

	"github.com/legion-go/legion/sandbox"
)

// runtime/pprof opens a file, and there are sandboxes in which that ends the
// worker: there it must not be asked.
func TestEndsReader(t *testing.T) {
	for _, c := range []struct {
		box  *sandbox.Sandbox
		ends bool
	}{
		{nil, false}, {&sandbox.Sandbox{}, false}, {&sandbox.Sandbox{Strict: true}, true}, {&sandbox.Sandbox{Strict: true, Exec: true}, true},
		{&sandbox.Sandbox{Strict: true, Read: []string{"/etc"}}, false}, {&sandbox.Sandbox{Strict: true, Network: sandbox.TCP(80)}, true},
		{&sandbox.Sandbox{Strict: true, Write: []string{"/tmp"}}, false},
	} {
		if endsReader(c.box) != c.ends {
			t.Errorf("%+v: %v", c.box, !c.ends)
		}
	}
}

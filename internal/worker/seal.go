package worker

import (
	"fmt"
	"time"

	"github.com/legion-go/legion/internal/confine"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/sandbox"
)

// Seal confines this process to what its sandbox allows functions, and returns
// what Serve tells the daemon of it. It is called after the setup. It does
// nothing in a process without a sandbox, such as one whose workers are
// goroutines.
func Seal() (wire.Seal, error) {
	if self := proc.Self(); self == nil || self.Sandbox == nil {
		return wire.Seal{}, nil
	}
	began := time.Now()
	report, err := proc.Seal()
	if err != nil {
		return wire.Seal{}, fmt.Errorf("sealing the sandbox failed: %w", err)
	}
	return wire.Seal{Sealed: true, Took: time.Since(began), Held: report.Held, Missing: report.Missing}, nil
}

// ExplainSetup adds to an error of the setup which field of the sandbox may be
// the cause.
func ExplainSetup(err error) error { return explain(err, confine.HintSetup) }

func explain(err error, hint func(*sandbox.Sandbox, error) string) error {
	self := proc.Self()
	if self == nil || self.Sandbox == nil {
		return err
	}
	why := hint(self.Sandbox, err)
	if why == "" {
		return err
	}
	return fmt.Errorf("%w (the sandbox of pool %s %s)", err, self.Purpose.Pool, why)
}

// fault encodes an error of a function. In a sealed process it says which field
// of the sandbox may be the cause.
func (s *server) fault(err error) wire.Fault {
	if s.Seal.Sealed {
		err = explain(err, confine.Hint)
	}
	return s.Fault(err)
}

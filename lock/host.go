package lock

import (
	"context"
	"os"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
)

// host is what a lock needs of its daemon.
type host interface {
	Name() string
	RuntimeDir() (string, error)
	RuntimePath() (string, error)
	HardStart() bool
	Keep(name string, f *os.File)
	Inherited(name string) *os.File
}

var _ host = (*legion.Daemon)(nil)

// reporter returns how a lock reports what goes wrong while the daemon runs: as
// an Failure event.
func reporter(d *legion.Daemon, where string) func(error) {
	return func(err error) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = legion.Emit(ctx, d, event.Failure{Where: where, Err: err})
	}
}

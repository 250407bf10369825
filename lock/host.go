package lock

import (
	"context"
	"os"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
)

// host is the part of a daemon that a lock needs.
type host interface {
	Name() string
	RuntimeDir() (string, error)
	RuntimePath() (string, error)
	HardStart() bool
	Keep(name string, f *os.File)
	Inherited(name string) *os.File
}

var _ host = (*legion.Daemon)(nil)

// reporter returns the function by which a lock reports errors while the daemon
// runs: as a Failure event.
func reporter(d *legion.Daemon, where string) func(error) {
	return func(err error) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = legion.Emit(ctx, d, event.Failure{Where: where, Err: err})
	}
}

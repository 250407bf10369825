package legion

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/legion-go/legion/internal/takeover"
	"github.com/legion-go/legion/status"
)

// errTooOld is the error for a program that does not support trials.
var errTooOld = errors.New("it was built with a Legion that cannot continue in the same process: stop the daemon, and start it")

// try checks that the next program exists, starts, and accepts its
// configuration, before this one stops: a process of its own runs main up to
// Start, as workers do. It opens nothing, and has ended when try returns.
func (d *Daemon) try(ctx context.Context) (status.Release, error) {
	path, args := d.command()
	told, err := takeover.Try(ctx, takeover.Spec{
		Path: path, Args: args, Env: takeover.Environ(), Dir: d.place.Started(), Timeout: upgradeTimeout,
	})
	if err != nil {
		return status.Release{}, err
	}
	next := parseRelease(told)
	if next.Version == "" {
		return next, fmt.Errorf("%s: %w", path, errTooOld)
	}
	return next, nil
}

// endTrial answers the daemon that tries this program, if any, and then does
// not return.
func (d *Daemon) endTrial() {
	h := takeover.Inherited()
	if h == nil || h.Kind != takeover.Trial {
		return
	}
	if err := d.Check(); err != nil {
		h.Fail(1, err.Error())
		os.Exit(1)
	}
	h.Tell(releaseText(d.release()))
	_ = h.Ready() // which kills this process
	os.Exit(0)
}

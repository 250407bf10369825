package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// ErrHeld says that another process has the lock; see [HeldError].
var ErrHeld = errors.New("the lock is held")

// HeldError is the error of a start that found the lock taken. It matches
// ErrHeld.
type HeldError struct {
	Daemon string // that should start
	Lock   string // path of the file, or name of the socket with a leading @
	PID    int    // of the process that holds it; 0 if it is not known
	UID    int    // the user of that process, if it is not this user; else -1
}

// Error names the holder and says what to do.
func (e *HeldError) Error() string {
	switch {
	case e.PID == os.Getpid():
		return fmt.Sprintf("%s is running already, in this very process, %d, which holds the lock %s: start a daemon once, or give each its own lock", e.Daemon, e.PID, e.Lock)
	case e.PID == 0:
		return fmt.Sprintf("%s is running already: a process that is not visible from here (in another container, perhaps) holds the lock %s: stop that one first, or give this one its own lock", e.Daemon, e.Lock)
	case e.UID >= 0:
		return fmt.Sprintf("the lock %s is held by process %d of user %d, which may belong to another daemon of the same name: give %s its own lock", e.Lock, e.PID, e.UID, e.Daemon)
	}
	return fmt.Sprintf("%s is running already: process %d holds the lock %s: stop that one first (kill %d), or give this one its own lock", e.Daemon, e.PID, e.Lock, e.PID)
}

// Is makes it match ErrHeld.
func (e *HeldError) Is(target error) bool { return target == ErrHeld }

// A start retries a held lock for a while, at intervals of retryPause.
const (
	// heldPatience is for a lock whose holder lives. It may be about to end, or
	// have been killed a moment ago: a child that it was just forking has its
	// descriptors until the child executes its program.
	heldPatience = 100 * time.Millisecond
	// vaguePatience is for a lock whose holder is not known, because it has not yet
	// written its process id, or has ended since.
	vaguePatience = 2 * time.Second
	retryPause    = 2 * time.Millisecond
)

// persist calls try until it succeeds, or fails for another reason than a held
// lock, or the holder stays.
func persist(ctx context.Context, try func() error) error {
	for begin := time.Now(); ; {
		err := try()
		var held *HeldError
		if !errors.As(err, &held) {
			return err
		}
		patience := heldPatience
		if held.PID == 0 || !alive(held.PID) {
			patience = vaguePatience
		}
		if held.PID == os.Getpid() {
			return err
		}
		if time.Since(begin) > patience {
			if held.PID != 0 && !alive(held.PID) {
				held.PID = 0 // what it left behind, or its number in another container
			}
			return err
		}
		select {
		case <-time.After(retryPause):
		case <-ctx.Done():
			return fmt.Errorf("%w (waiting for it: %w)", err, context.Cause(ctx))
		}
	}
}

// alive reports whether there is a process of that number. It is used only for
// messages and patience.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

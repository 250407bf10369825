package vanish

import (
	"context"
	"time"
)

// pause is how often the owner is told to look where the kernel does not tell.
const pause = 5 * time.Second

// Watch looks at folders. Its methods are for one goroutine.
type Watch struct{ kernel *kernelWatch }

// New returns a Watch that looks at nothing yet.
func New() *Watch { return &Watch{newKernelWatch()} }

// Add has it look at folders from now on. One that it looks at already counts
// once; one that does not exist is left out until it is added again.
func (w *Watch) Add(folders ...string) {
	for _, folder := range folders {
		w.kernel.add(folder)
	}
}

// Wait returns when the owner should look, or with the error of ctx.
func (w *Watch) Wait(ctx context.Context) error {
	if err := w.kernel.wait(ctx); err != nil {
		return err
	}
	return ctx.Err()
}

// Close ends it.
func (w *Watch) Close() { w.kernel.close() }

// sleep waits for the pause.
func sleep(ctx context.Context) error {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

package vanish

import (
	"context"
	"time"
)

// pause is the interval at which a Watch fires where the kernel reports
// nothing.
const pause = 5 * time.Second

// Watch watches folders. Only one goroutine may use it.
type Watch struct{ kernel *kernelWatch }

// New returns a Watch without folders.
func New() *Watch { return &Watch{newKernelWatch()} }

// Add watches folders from now on. A folder that is watched already counts
// once; one that does not exist is skipped until it is added again.
func (w *Watch) Add(folders ...string) {
	for _, folder := range folders {
		w.kernel.add(folder)
	}
}

// Wait returns when the owner should look, or when ctx ends, with its error.
func (w *Watch) Wait(ctx context.Context) error {
	if err := w.kernel.wait(ctx); err != nil {
		return err
	}
	return ctx.Err()
}

// Close ends the watch.
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

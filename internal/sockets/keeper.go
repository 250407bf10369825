package sockets

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/vanish"
)

// Files that vanish again and again are put back at once for the first times in
// a row, then more and more slowly. What cannot be put back is tried again as
// slowly: a full disk or a folder's mode tells nobody when it is mended.
const (
	freeRestores    = 20
	restorePause    = 100 * time.Millisecond
	maxRestorePause = 10 * time.Second
)

// Keeper puts back files that are removed while the daemon runs: sockets and
// locks. So the daemon can always be found, and no second one starts.
type Keeper struct {
	// Folders returns the folders of the files.
	Folders func() []string
	// Restore puts back what is missing. restored reports whether something was,
	// and failed whether something cannot be put back. It tells Note of each file.
	Restore func(ctx context.Context) (restored, failed bool)

	mu   sync.Mutex
	told map[string]string // the failure that was logged last, by path or plugin
}

// Run watches until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	w := vanish.New()
	defer w.Close()
	var row, failures int // times in a row
	var last time.Time
	for {
		w.Add(k.Folders()...) // before the look: nothing is missed between
		restored, failed := k.Restore(ctx)
		if restored {
			if row++; time.Since(last) > 2*maxRestorePause {
				row = 1
			}
			last = time.Now()
			if pause := pauseAfter(row); pause > 0 && !sleep(ctx, pause) {
				return
			}
		}
		if failures++; !failed {
			failures = 0
		}
		if !waitForLoss(ctx, w, failures) {
			return
		}
	}
}

// pauseAfter returns how long to wait when files were put back so many times in a
// row.
func pauseAfter(row int) time.Duration {
	return min(time.Duration(max(row-freeRestores, 0))*restorePause, maxRestorePause)
}

// retryAfter returns when to try again what has failed so many times in a row, at
// least once.
func retryAfter(failures int) time.Duration {
	return min(restorePause<<min(failures-1, 10), maxRestorePause)
}

// waitForLoss waits until a file may be missing, or until it is time to try
// again after that many failures. It reports whether ctx has not ended.
func waitForLoss(ctx context.Context, w *vanish.Watch, failures int) bool {
	within := ctx
	if failures > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, retryAfter(failures))
		defer cancel()
	}
	_ = w.Wait(within)
	return ctx.Err() == nil
}

// sleep waits, and reports whether ctx has not ended.
func sleep(ctx context.Context, pause time.Duration) bool {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Note logs what became of a file that was removed; a failure that lasts, once.
func (k *Keeper) Note(log *slog.Logger, what string, back bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	text := ""
	if err != nil {
		text = err.Error()
	}
	switch {
	case back:
		log.Warn("a file of the daemon was removed, and is put back", "path", what)
	case text != "" && k.told[what] != text:
		log.Error("a file of the daemon was removed, and cannot be put back", "path", what, "err", err)
	}
	if k.told == nil {
		k.told = map[string]string{}
	}
	k.told[what] = text
}

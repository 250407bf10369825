package sockets

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/vanish"
)

// Files that are removed again and again are put back at once the first few
// times in a row, then more and more slowly. A failed attempt is retried as
// slowly: no event tells when a full disk or a folder's mode is mended.
const (
	freeRestores    = 20
	restorePause    = 100 * time.Millisecond
	maxRestorePause = 10 * time.Second
)

// Keeper puts back files that are removed while the daemon runs: sockets and
// locks. So clients can always find the daemon, and no second one starts.
type Keeper struct {
	// Folders returns the folders of the files.
	Folders func() []string
	// Restore puts back missing files. restored reports whether any was put back,
	// and failed whether any could not be. It calls Note for each file.
	Restore func(ctx context.Context) (restored, failed bool)

	mu   sync.Mutex
	told map[string]string // the last logged failure, by path or plugin
}

// Run watches until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	w := vanish.New()
	defer w.Close()
	var row, failures int // times in a row
	var last time.Time
	for {
		w.Add(k.Folders()...) // before the check: nothing is missed between
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

// pauseAfter returns how long to wait after files were put back the given
// number of times in a row.
func pauseAfter(row int) time.Duration {
	return min(time.Duration(max(row-freeRestores, 0))*restorePause, maxRestorePause)
}

// retryAfter returns how long to wait after the given number of failures in a
// row, at least 1.
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

// Note logs whether a removed file was put back; a lasting failure only once.
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

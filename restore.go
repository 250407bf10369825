package legion

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/plugins"
	"github.com/legion-go/legion/internal/vanish"
	"github.com/legion-go/legion/plugin"
)

// lostFiles is what is known of files that cannot be put back.
type lostFiles struct {
	mu   sync.Mutex
	told map[string]string // what was logged last, by path or plugin
}

// Files that vanish again and again are put back at once so many times in a row,
// then more and more slowly, at most so slowly. What cannot be put back is tried
// again as slowly: a full disk or a folder's mode tells nobody when it is mended.
const (
	freeRestores    = 20
	restorePause    = 100 * time.Millisecond
	maxRestorePause = 10 * time.Second
)

// keepFiles puts back the files of sockets and locks that are removed while the
// daemon runs, so that it can always be found, and no second one starts.
func (d *Daemon) keepFiles() {
	d.owned.Go("the watch over sockets and locks", func() {
		w := vanish.New()
		defer w.Close()
		var row, failures int // times in a row
		var last time.Time
		for {
			w.Add(d.folders()...) // before the look: nothing is missed between
			restored, failed := d.restoreAll(d.closing)
			if restored {
				if row++; time.Since(last) > 2*maxRestorePause {
					row = 1
				}
				last = time.Now()
				if over := row - freeRestores; over > 0 && !sleepFor(d.closing, min(time.Duration(over)*restorePause, maxRestorePause)) {
					return
				}
			}
			if failures++; !failed {
				failures = 0
			}
			if !d.waitForLoss(w, failures) {
				return
			}
		}
	})
}

// waitForLoss waits until a file may be missing, or should be tried again after so
// many failures. It reports whether the daemon still runs.
func (d *Daemon) waitForLoss(w *vanish.Watch, failures int) bool {
	ctx := d.closing
	if failures > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, min(restorePause<<min(failures-1, 10), maxRestorePause))
		defer cancel()
	}
	_ = w.Wait(ctx)
	return d.closing.Err() == nil
}

// folders returns where there are files that must stay.
func (d *Daemon) folders() (all []string) {
	for _, l := range d.listening() {
		if l.hasFile() {
			all = append(all, filepath.Dir(l.addr))
		}
	}
	for _, r := range plugins.Each[plugin.Restorer](&d.plugins) {
		for _, path := range r.Files() {
			all = append(all, filepath.Dir(path))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// restoreAll puts back what is missing, and reports whether there was something,
// and whether there is something that cannot be put back.
// It waits for a change that is under way: an upgrade hands over sockets, and what
// plugins have kept. A socket that was made anew meanwhile would be this process's
// alone, and its file would lead nowhere as soon as that has ended. The new process
// looks when it counts.
func (d *Daemon) restoreAll(ctx context.Context) (restored, failed bool) {
	end, err := d.beginChange(ctx, "")
	if err != nil {
		return false, false
	}
	defer end()
	return d.restoreMissing(ctx)
}

// restoreMissing is restoreAll within a change.
func (d *Daemon) restoreMissing(ctx context.Context) (restored, failed bool) {
	note := func(what string, back bool, err error) {
		restored, failed = restored || back, failed || err != nil
		d.tellRestored(what, back, err)
	}
	d.restoreSockets(ctx, note)
	d.restorePlugins(ctx, note)
	return restored, failed
}

// restoreSockets makes sockets anew whose file is gone. Connections that there
// are go on.
func (d *Daemon) restoreSockets(ctx context.Context, note func(what string, back bool, err error)) {
	for _, l := range d.listening() {
		back, err := l.restore(ctx)
		note(l.addr, back, err)
	}
}

// restorePlugins has plugins put back their files.
func (d *Daemon) restorePlugins(ctx context.Context, note func(what string, back bool, err error)) {
	for name, r := range plugins.Each[plugin.Restorer](&d.plugins) {
		back, err := r.Restore(ctx)
		for _, path := range back {
			note(path, true, nil)
		}
		note("plugin "+name, false, err)
	}
}

// tellRestored logs what became of a file that had vanished; a failure that
// lasts, once.
func (d *Daemon) tellRestored(what string, back bool, err error) {
	d.lost.mu.Lock()
	defer d.lost.mu.Unlock()
	text := ""
	if err != nil && d.closing.Err() == nil {
		text = err.Error()
	}
	switch {
	case back:
		d.log.Warn("a file of the daemon was removed, and is put back", "path", what)
	case text != "" && d.lost.told[what] != text:
		d.log.Error("a file of the daemon was removed, and cannot be put back", "path", what, "err", err)
	}
	if d.lost.told == nil {
		d.lost.told = map[string]string{}
	}
	d.lost.told[what] = text
}

// sleepFor waits, and reports whether ctx has not ended.
func sleepFor(ctx context.Context, pause time.Duration) bool {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// hasFile reports whether there is a file that leads to the listener.
func (l *listener) hasFile() bool { return l.network == "unix" && !strings.HasPrefix(l.addr, "@") }

// noteFile remembers the file of the listener, to know it again.
func (l *listener) noteFile() {
	if l.hasFile() {
		l.info, _ = os.Lstat(l.addr)
	}
}

// restore makes the socket anew if its file is gone or another's.
func (l *listener) restore(ctx context.Context) (back bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old, ok := l.inner.(*net.UnixListener)
	if !ok || l.closed || !l.hasFile() || l.info != nil && leadsTo(l.addr, l.info) {
		return false, nil
	}
	if _, err := os.Stat(filepath.Dir(l.addr)); errors.Is(err, fs.ErrNotExist) {
		if err := l.d.restoreFolder(filepath.Dir(l.addr)); err != nil {
			return false, err
		}
	}
	inner, err := l.listen(ctx)
	if err != nil {
		return false, err
	}
	old.SetUnlinkOnClose(false)
	l.inner = inner
	l.noteFile()
	_ = old.Close() // Accept goes on with the new one
	return true, nil
}

// restoreFolder makes the runtime folder anew; others are the operator's.
func (d *Daemon) restoreFolder(folder string) error {
	if path, err := d.RuntimePath(); err != nil || path != folder {
		return fmt.Errorf("its folder is gone: make %s again", folder)
	}
	_, err := d.RuntimeDir()
	return err
}

// leadsTo reports whether path is still the file that info describes. A file
// system may give the number of a removed file to the next one, but not its time.
func leadsTo(path string, info fs.FileInfo) bool {
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(there, info) && there.ModTime().Equal(info.ModTime())
}

package legion

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/bus"
)

// callback calls fn on the loop, or after the loop's end on the goroutine that
// takes its place: exactly once, and after all that were given before.
func (d *Daemon) callback(fn func()) {
	if !d.post(fn) {
		d.afterLoop.add(d, fn)
	}
}

// afterLoop runs the callbacks that the loop does not take any more, in order and
// one at a time, once the loop has ended.
type afterLoop struct {
	mu      sync.Mutex
	waiting []func()
	runs    bool
}

func (a *afterLoop) add(d *Daemon, fn func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = append(a.waiting, fn)
	if !a.runs {
		a.runs = true
		go a.run(d) // ends with the last callback
	}
}

func (a *afterLoop) run(d *Daemon) {
	<-d.loopEnd
	for {
		a.mu.Lock()
		if len(a.waiting) == 0 {
			a.waiting, a.runs = nil, false
			a.mu.Unlock()
			return
		}
		fn := a.waiting[0]
		a.waiting[0] = nil
		a.waiting = a.waiting[1:]
		a.mu.Unlock()
		if err := bus.Protect(func() error { fn(); return nil }); err != nil {
			d.tellLast("a callback after the end of the loop", err)
		}
	}
}

// tellLast logs an error when the log may be closed: on standard error.
func (d *Daemon) tellLast(where string, err error) {
	d.panics.Add(1)
	r := slog.NewRecord(time.Now(), slog.LevelError, "an error", 0)
	r.AddAttrs(slog.String("daemon", d.config.Name), slog.String("where", where), slog.Any("err", err))
	_ = d.lastResort().Handle(context.Background(), r)
}

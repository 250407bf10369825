package pool

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/proc"
)

// goroutine replaces a process if workers are goroutines.
type goroutine struct {
	conn  link.Conn // the worker's end
	began time.Time
	once  sync.Once
	done  chan struct{}
	exit  proc.Exit
}

// LaunchGoroutine starts a worker as a goroutine of this process, which calls
// serve with the worker's end of the link and its counter Options.Busy. It
// returns what a Launcher returns.
func LaunchGoroutine(t link.Transport, o link.Options, serve func(c link.Conn, busy *atomic.Int32) error) (Process, link.Conn, error) {
	conn, files, err := link.New(t, o)
	if err != nil {
		return nil, nil, err
	}
	o.Busy = new(atomic.Int32)
	theirs, err := link.Open(t, files, o)
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	g := &goroutine{conn: theirs, began: time.Now(), done: make(chan struct{})}
	go func() {
		exit := proc.Exit{}
		if err := serve(theirs, o.Busy); err != nil {
			link.TellFailure(theirs, err)
			exit.Code = 1
		}
		g.end(exit)
	}()
	return g, conn, nil
}

// end ends the pretended process, once. A function that ignores the end of its
// context keeps running: a goroutine cannot be killed.
func (g *goroutine) end(e proc.Exit) {
	g.once.Do(func() {
		e.PID, e.Uptime = os.Getpid(), time.Since(g.began)
		g.exit = e
		_ = g.conn.Close()
		close(g.done)
	})
}

func (g *goroutine) PID() int { return os.Getpid() }

func (g *goroutine) Kill(by string) error {
	g.end(proc.Exit{Code: -1, Signal: syscall.SIGKILL, KilledBy: by})
	return nil
}

func (g *goroutine) Quit() error             { return nil }
func (g *goroutine) Done() <-chan struct{}   { return g.done }
func (g *goroutine) Exit() proc.Exit         { return g.exit }
func (g *goroutine) Memory() (uint64, error) { return 0, errors.ErrUnsupported }

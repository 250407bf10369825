package legion

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/proc"
)

// goroutineProcess replaces a process if workers are goroutines.
type goroutineProcess struct {
	conn  link.Conn // the worker's end
	began time.Time
	once  sync.Once
	done  chan struct{}
	exit  proc.Exit
}

// launchGoroutine starts a worker as a goroutine of this process.
func (p *declaredPool) launchGoroutine(id uint64) (pool.Process, link.Conn, error) {
	conn, files, err := link.New(p.opts.Transport, p.linkOptions())
	if err != nil {
		return nil, nil, err
	}
	opts := p.linkOptions()
	opts.Busy = new(atomic.Int32)
	theirs, err := link.Open(p.opts.Transport, files, opts)
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	g := &goroutineProcess{conn: theirs, began: time.Now(), done: make(chan struct{})}
	go func() {
		exit := proc.Exit{}
		if err := p.serveLink(theirs, opts.Busy, id); err != nil {
			tellFailure(theirs, err)
			exit.Code = 1
		}
		g.end(exit)
	}()
	return g, conn, nil
}

// end ends the pretended process, once. A function that ignores the end of its
// context keeps running: a goroutine cannot be killed.
func (g *goroutineProcess) end(e proc.Exit) {
	g.once.Do(func() {
		e.PID, e.Uptime = os.Getpid(), time.Since(g.began)
		g.exit = e
		_ = g.conn.Close()
		close(g.done)
	})
}

func (g *goroutineProcess) PID() int { return os.Getpid() }

func (g *goroutineProcess) Kill(by string) error {
	g.end(proc.Exit{Code: -1, Signal: syscall.SIGKILL, KilledBy: by})
	return nil
}

func (g *goroutineProcess) Quit() error             { return nil }
func (g *goroutineProcess) Done() <-chan struct{}   { return g.done }
func (g *goroutineProcess) Exit() proc.Exit         { return g.exit }
func (g *goroutineProcess) Memory() (uint64, error) { return 0, errors.ErrUnsupported }

package takeover

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/legion-go/legion/internal/host"
)

// Limits for steps that should take no time, so that a hopeless process does
// not hold up Start.
const (
	lastWords = 3 * time.Second  // for a process to exit after Fail
	reapTime  = 10 * time.Second // for a killed process to be reaped
	lateBytes = 5 * time.Second  // for the end of the channel: a child of the dead process may hold its other end
)

// Successor is a process that has taken over: it lives on when this process
// ends.
type Successor struct {
	pid      int
	channel  *os.File
	stderr   *capture
	messages chan message // closed when no more can come
	broken   error        // why no more can come, unless the channel just ended; set before messages is closed
	done     chan struct{}
	told     string // the text of its Tell, once it is ready

	mu     sync.Mutex
	counts bool // we must not kill it any more
	reaped bool // pid may be another process's
	status syscall.WaitStatus
	lost   bool // other code in this process reaped it
}

func newSuccessor(pid int, l *launch) *Successor {
	p := &Successor{
		pid: pid, channel: l.channel, stderr: l.stderr,
		messages: make(chan message, 4), done: make(chan struct{}),
	}
	received := make(chan struct{})
	go func() {
		defer close(received)
		p.receive()
	}()
	go p.watch(received)
	return p
}

// PID returns the process's id.
func (p *Successor) PID() int { return p.pid }

// Told returns the text that the process sent before it was ready: see
// [Inheritance.Tell].
func (p *Successor) Told() string { return p.told }

// Stop lets a process that serves finish its work, and end; if it takes longer
// than within, it is killed.
func (p *Successor) Stop(within time.Duration) {
	p.leave(within)
	p.kill()
}

// Done is closed when the process has ended and is reaped, if this process
// lives that long.
func (p *Successor) Done() <-chan struct{} { return p.done }

// Exit returns how the process ended, once Done is closed: its exit code, or
// the signal that killed it and -1. The code is -1 without a signal if other
// code in this process has reaped it.
func (p *Successor) Exit() (code int, signal syscall.Signal) {
	<-p.done
	switch {
	case p.lost:
		return -1, 0
	case p.status.Signaled():
		return -1, p.status.Signal()
	default:
		return p.status.ExitStatus(), 0
	}
}

// watch waits for the end of the process.
func (p *Successor) watch(received <-chan struct{}) {
	host.AwaitExit(p.pid)
	p.mu.Lock()
	if !p.counts {
		// Until the leader is reaped, no other process can get its number.
		syscall.Kill(-p.pid, syscall.SIGKILL)
	}
	for {
		_, err := syscall.Wait4(p.pid, &p.status, 0, nil)
		if err != syscall.EINTR {
			p.lost = err != nil
			break
		}
	}
	p.reaped = true
	p.mu.Unlock()
	p.channel.SetReadDeadline(time.Now().Add(lateBytes))
	<-received
	p.channel.Close()
	close(p.done)
}

// receive reads the process's messages.
func (p *Successor) receive() {
	defer close(p.messages)
	for {
		m, err := decodeMessage(func(b []byte) error {
			_, err := io.ReadFull(p.channel, b)
			return err
		})
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
				p.broken = err
			}
			return
		}
		select {
		case p.messages <- m:
		default: // no goroutine reads them any more
		}
	}
}

// interrupt asks the process to end, twice, and waits at most grace for it.
func (p *Successor) interrupt(grace time.Duration) {
	for range 2 {
		if grace <= 0 {
			return
		}
		p.mu.Lock()
		if !p.reaped {
			syscall.Kill(p.pid, syscall.SIGTERM)
		}
		p.mu.Unlock()
		wait := time.NewTimer(grace / 2)
		select {
		case <-p.done:
			wait.Stop()
			return
		case <-wait.C:
		}
	}
}

// kill kills the process and its group.
func (p *Successor) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		syscall.Kill(-p.pid, syscall.SIGKILL)
	}
}

// fail ends a process that will not take over, and returns the reason as a
// Failed.
func (p *Successor) fail(path string, err error) error {
	var f *Failed
	if !errors.As(err, &f) {
		f = &Failed{Message: err.Error(), Err: err}
	} else if f.Err == nil { // it has called Fail
		select {
		case <-p.done:
		case <-time.After(lastWords):
		}
	}
	p.kill()
	select {
	case <-p.done:
	case <-time.After(reapTime):
		f.Message += fmt.Sprintf("; it has been killed, but has not ended in %v", reapTime)
	}
	f.Path, f.PID, f.Output = path, p.pid, p.stderr.finish()
	if f.Code == 0 {
		f.Code = 1
	}
	return f
}

// ended describes the process's early end. Done is closed.
func (p *Successor) ended(when string) *Failed {
	f := &Failed{Err: ErrEnded}
	code, signal := p.Exit()
	switch {
	case signal != 0:
		f.Message = fmt.Sprintf("it was killed by a signal (%v) %s", signal, when)
	case code < 0:
		f.Message = fmt.Sprintf("it ended %s; other code in this process reaped it", when)
	default:
		f.Code = code
		f.Message = fmt.Sprintf("it ended with exit status %d %s", code, when)
	}
	return f
}

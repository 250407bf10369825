package pool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/link"
)

// A worker that is stopped cannot answer; that is said in time, and holds up
// neither the pool nor the next question.
func TestStackOfAStoppedWorker(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		p := start(t, Config{Min: 2, Max: 2}, launchProcesses("", tr, 0))
		p.call(spinning, "spins")
		var stopped, other int
		for _, w := range p.Stats().Workers {
			if w.Load > 0 {
				stopped = w.PID
			} else {
				other = w.PID
			}
		}
		if err := syscall.Kill(stopped, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		for {
			if err := unix.Waitid(unix.P_PID, stopped, nil, unix.WSTOPPED|unix.WNOWAIT, nil); err == nil {
				break
			} else if err != unix.EINTR {
				t.Fatal(err)
			}
		}
		for range 3 {
			ctx, done := context.WithTimeout(t.Context(), 50*time.Millisecond)
			_, err := p.Stack(ctx, stopped)
			done()
			if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), fmt.Sprintf("`kill -CONT %d`", stopped)) {
				t.Fatal(err)
			}
			if _, err := p.Stack(t.Context(), other); err != nil {
				t.Fatal(err)
			}
			c := p.call(returning, "")
			p.Await(t.Context(), c)
			if c.Kind != OK || c.Worker != other {
				t.Fatalf("a call ended as %d in %d", c.Kind, c.Worker)
			}
		}
		if err := syscall.Kill(stopped, syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		s, err := p.Stack(t.Context(), stopped)
		if err != nil || !strings.Contains(s, "internal/pool.spin(") {
			t.Errorf("when it goes on: %v\n%s", err, s)
		}
		if s := p.Stats(); s.Corrupt != 0 || s.Deaths != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestProcessorTimeOfWorkers(t *testing.T) {
	p := start(t, Config{Min: 2, Max: 2}, launchProcesses("", link.Default(), 0))
	p.call(spinning, "spins")
	cpu := func() (busy, idle time.Duration) {
		for _, w := range p.Stats().Workers {
			if w.Load > 0 {
				busy = w.CPU
			} else {
				idle = w.CPU
			}
		}
		return busy, idle
	}
	first, resting := cpu()
	if first <= 0 || resting <= 0 {
		t.Fatalf("%v, %v", first, resting)
	}
	for end := time.Now().Add(guard); ; time.Sleep(time.Millisecond) {
		busy, idle := cpu()
		if busy > first+100*time.Millisecond && idle < busy {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%v and %v have become %v and %v", first, resting, busy, idle)
		}
	}
}

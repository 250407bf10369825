package legion_test

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/slow"
	"github.com/legion-go/legion/legiontest"
)

// A worker that is stopped, or hangs as a whole, is found out by its heartbeat.
func TestStoppedWorker(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Max: 1, Heartbeat: 200 * time.Millisecond}).start(t)

	// The stack is a matter of time: on a busy machine the kill may overtake it.
	var e *legion.WorkerError
	for range 3 {
		fut := s.running(t, deed{What: "mark", For: time.Hour})
		pid := fut.PID()
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if _, err := fut.Result(); !errors.Is(err, legion.ErrCrashed) || !errors.As(err, &e) || e.KilledBy != "heartbeat" || e.PID != pid {
			t.Fatalf("a call in a stopped worker: %v", err)
		}
		if strings.Contains(e.Stack, "tool).more") {
			break
		}
	}
	if !strings.Contains(e.Stack, "tool).more") {
		t.Errorf("its stack does not show the function:\n%s", e.Stack)
	}
	s.must(t, deed{What: "pid"})

	idle := s.workers("ready")[0].PID
	if err := syscall.Kill(idle, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { w := s.workers("ready"); return len(w) == 1 && w[0].PID != idle })
	s.must(t, deed{What: "pid"})
}

// A daemon that was itself stopped for many heartbeats does not take its
// workers for dead when it goes on.
func TestStoppedDaemon(t *testing.T) {
	slow.Test(t, "waits for many heartbeats", "7 s")
	p := run(t, "daemon")
	before := p.workers()
	p.signal(syscall.SIGSTOP)
	time.Sleep(6 * time.Second) // after 5 a silent worker counts as dead
	p.signal(syscall.SIGCONT)
	after := p.workers()
	time.Sleep(time.Second) // time for workers that would be killed
	if later := p.workers(); !slices.Equal(before, after) || !slices.Equal(before, later) {
		t.Errorf("workers before the stop: %v, after it: %v, and later: %v", before, after, later)
	}
}

package legion_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/status"
)

// operatedKey names the variable with the path of the control socket of the
// program "operated".
const operatedKey = "LEGION_TEST_CONTROL"

func init() { programs["operated"] = operatedMain }

// operatedMain is a daemon that is reached by its control socket alone.
func operatedMain() {
	c := quiet("operated")
	c.Control = "unix://" + os.Getenv(operatedKey)
	s := newSoloOf(c, legion.Pool{Min: 1, Max: 1})
	legion.On(s.d, func(context.Context, event.Signal) error {
		fmt.Println("signal")
		return nil
	})
	if err := s.d.Run(context.Background()); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

// hello asks the daemon at a path until it is as wanted.
func hello(t *testing.T, path string, wanted func(status.Hello) bool) (h status.Hello) {
	t.Helper()
	await(t, func() bool {
		c, err := client.Dial(t.Context(), path, client.Options{})
		if err != nil {
			return false
		}
		defer c.Close()
		return c.Call(t.Context(), "daemon.hello", nil, &h) == nil && wanted(h)
	})
	return h
}

func TestControlUpgradesAndRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	t.Setenv(operatedKey, path)
	p := run(t, "operated")
	first := hello(t, path, func(h status.Hello) bool { return h.State == "running" })
	if first.PID != p.cmd.Process.Pid {
		t.Fatalf("process %d answers, not %d", first.PID, p.cmd.Process.Pid)
	}

	// In place: the same process id, a new start.
	c := dial(t, path)
	ask[bool](t, c, "daemon.restart", nil)
	again := hello(t, path, func(h status.Hello) bool { return h.State == "running" && h.Started.After(first.Started) })
	if again.PID != first.PID {
		t.Errorf("after a restart it is process %d, before it was %d", again.PID, first.PID)
	}
	select {
	case <-c.Done():
	case <-time.After(10 * time.Second):
		t.Error("the connection has outlived the restart")
	}

	// A signal that no process has sent.
	c = dial(t, path)
	ask[bool](t, c, "daemon.signal", args{"signal": "winch"})
	p.hear("signal")
	refused(t, c, "daemon.signal", args{"signal": "SIGNIFICANT"}, -32602, "no signal")
	refused(t, c, "daemon.signal", args{"signal": "9"}, -32602, "kill")

	// Another process, the same address: one process always answers.
	over, missed := make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(missed)
		for {
			select {
			case <-over:
				return
			default:
			}
			c, err := client.Dial(context.Background(), path, client.Options{})
			if err == nil {
				err = c.Call(context.Background(), "daemon.status", nil, nil)
				_ = c.Close()
			}
			if err != nil {
				missed <- err
				return
			}
		}
	}()
	next := ask[struct {
		PID int `json:"pid"`
	}](t, c, "daemon.upgrade", nil)
	if next.PID == first.PID || next.PID == 0 {
		t.Fatalf("after an upgrade it is process %d", next.PID)
	}
	t.Cleanup(func() { _ = syscall.Kill(next.PID, syscall.SIGKILL) })
	p.once.Do(func() { // cmd.Wait would wait for the new process, too, which has its standard error
		var state *os.ProcessState
		if state, p.err = p.cmd.Process.Wait(); p.err == nil && !state.Success() {
			t.Errorf("the old process: %v", state)
		}
	})
	if p.err != nil {
		t.Error(p.err)
	}
	close(over)
	if err := <-missed; err != nil {
		t.Errorf("a client had no answer: %v", err)
	}
	h := hello(t, path, func(h status.Hello) bool { return h.State == "running" })
	if h.PID != next.PID {
		t.Errorf("process %d answers, not %d", h.PID, next.PID)
	}
	c = dial(t, path)
	ask[bool](t, c, "daemon.stop", nil)
	<-c.Done()
	vanished(t, next.PID)
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket of the upgraded daemon is still there: %v", err)
	}
}

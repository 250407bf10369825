package proc

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// Reading a child's figures does not delay its end; figures read while the
// child ended may belong to another process, and are discarded.
func TestLookWhileTheChildEnds(t *testing.T) {
	p, _ := begin(t, "hold")
	n, err := look(p, "number", func(pid int) (int, error) {
		syscall.Kill(pid, syscall.SIGKILL)
		wait(t, p)
		return pid, nil
	})
	if n != 0 || !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("%d, %v", n, err)
	}
}

// A zombie has no memory, and a missing process has no file.
func TestAnonymousOfTheDead(t *testing.T) {
	c := helper("self")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	exited(c.Process.Pid, 0)
	if n, err := anonymous(c.Process.Pid); n != 0 || !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("of a zombie: %d, %v", n, err)
	}
	_ = c.Wait()
	if n, err := anonymous(c.Process.Pid); n != 0 || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of a missing process: %d, %v", n, err)
	}
}

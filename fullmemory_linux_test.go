package legion_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion"
)

// A worker that fills the memory which it shares with its daemon, with files in
// memory that count as no process's own, dies of it; the daemon does not,
// though it is the larger process (as long as it has no more than half of the
// memory).
func TestFullMemory(t *testing.T) {
	cgroup := filepath.Join("/sys/fs/cgroup/memory", fmt.Sprintf("legion-test-%d", os.Getpid()))
	if err := os.Mkdir(cgroup, 0o755); err != nil {
		t.Skipf("needs to be root, with memory cgroups of version 1: %v", err)
	}
	t.Cleanup(func() {
		for end := time.Now().Add(5 * time.Second); os.Remove(cgroup) != nil && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
	})
	t.Setenv(cgroupKey, cgroup)
	p := run(t, "fullmemory")
	if said := p.hear("fullmemory:"); said != "ok" {
		t.Error(said)
	}
	p.in.Close()
	if err := p.wait(); err != nil {
		t.Error(err)
	}
}

const cgroupKey = "LEGION_TEST_CGROUP"

func init() { programs["fullmemory"] = fullMemoryMain }

func fullMemoryMain() {
	d := legion.New(quiet("fullmemory"))
	fill := legion.Worker(d, "fill", func(context.Context, int) (int, error) {
		fd, err := unix.MemfdCreate("hoard", 0)
		if err != nil {
			return 0, err
		}
		chunk := make([]byte, 1<<20)
		for n := 0; ; n++ {
			if _, err := syscall.Write(fd, chunk); err != nil {
				time.Sleep(time.Millisecond)
			}
		}
	}, legion.Pool{Max: 1})
	if err := fillMemory(d, fill); err != nil {
		fmt.Println("fullmemory:", err)
		os.Exit(1)
	}
	fmt.Println("fullmemory: ok")
}

func fillMemory(d *legion.Daemon, fill *legion.Func[int, int]) error {
	ctx := context.Background()
	cgroup := os.Getenv(cgroupKey)
	set := func(file, value string) error { return os.WriteFile(filepath.Join(cgroup, file), []byte(value), 0) }
	if err := set("cgroup.procs", strconv.Itoa(os.Getpid())); err != nil {
		return err
	}
	if err := d.Start(ctx); err != nil {
		return err
	}
	ballast := bytes.Repeat([]byte{1}, 32<<20)
	b, err := os.ReadFile(filepath.Join(cgroup, "memory.usage_in_bytes"))
	if err != nil {
		return err
	}
	used, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return err
	}
	if err := set("memory.limit_in_bytes", strconv.Itoa(used+96<<20)); err != nil {
		return err
	}
	_, err = fill.Call(ctx, 0)
	runtime.KeepAlive(ballast)
	var e *legion.WorkerError
	if !errors.As(err, &e) || e.Signal != syscall.SIGKILL || e.KilledBy != "" {
		return fmt.Errorf("the worker has not died of it: %w", err)
	}
	return d.Stop(ctx)
}

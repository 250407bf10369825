package legion_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/slow"
)

func init() { programs["init"] = initMain }

// initMain is a daemon that is process 1 of its namespace, as in a container.
// It gets an orphan, loses a worker, waits late for a child, and tells what it
// sees.
func initMain() {
	s := newSolo("init", legion.Pool{Max: 1})
	late := exec.Command("/bin/sh", "-c", "exit 7") // a child of ours that is waited for late
	legion.On(s.d, func(ctx context.Context, _ event.Started) error {
		fmt.Println("pid", os.Getpid())
		if err := late.Start(); err != nil {
			fmt.Println("error", err)
		}
		// The shell ends at once; what it leaves behind ends as an orphan of ours.
		if err := exec.Command("/bin/sh", "-c", "sleep 0.1 & exit 0").Run(); err != nil {
			fmt.Println("error", err)
		}
		_, err := s.do.Call(ctx, deed{What: "exit"})
		var died *legion.WorkerError
		if errors.As(err, &died) {
			fmt.Println("worker", died.ExitCode)
		}
		return nil
	})
	orphan := false
	s.d.Every(10*time.Millisecond, func(ctx context.Context) error {
		dead := 0
		stats, _ := filepath.Glob("/proc/[0-9]*/stat")
		for _, name := range stats {
			b, _ := os.ReadFile(name)
			if strings.Contains(string(b), "(sleep) Z") {
				dead++
			}
		}
		switch {
		case dead > 0 && !orphan:
			orphan = true
			fmt.Println("orphan")
		case dead == 0 && orphan:
			fmt.Println("reaped")
			_ = late.Wait()
			fmt.Println("late", late.ProcessState)
			return s.d.Stop(ctx)
		}
		return nil
	})
	if err := s.d.Run(context.Background()); err != nil {
		fmt.Println("error", err)
	}
}

// Without /proc the start says what is missing.
func TestWithoutProc(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a mount namespace needs root")
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		t.Skip("needs unshare, of util-linux")
	}
	cmd := exec.Command(unshare, "--mount", "--kill-child", "/bin/sh", "-c", "umount -l /proc && exec "+os.Args[0])
	cmd.Env = append(os.Environ(), programKey+"=init")
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() }) // a hang guard
	out, _ := cmd.CombinedOutput()
	timer.Stop()
	if !strings.Contains(string(out), "mount /proc") {
		t.Errorf("it does not say what is missing:\n%s", out)
	}
}

func TestDaemonAsProcess1(t *testing.T) {
	slow.Test(t, "starts daemons in containers", "4 s")
	if os.Getuid() != 0 {
		t.Skip("a pid namespace needs root")
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		t.Skip("needs unshare, of util-linux")
	}
	cmd := exec.Command(unshare, "--pid", "--fork", "--mount-proc", "--kill-child", os.Args[0])
	cmd.Env = append(os.Environ(), programKey+"=init")
	cmd.Stderr = os.Stderr
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() }) // a hang guard
	out, err := cmd.Output()
	timer.Stop()
	if err != nil {
		t.Errorf("it ended with %v", err)
	}
	for _, want := range []string{"pid 1\n", "worker 7\n", "orphan\n", "reaped\n", "late exit status 7\n"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it did not say %q, but:\n%s", want, out)
		}
	}
}

package takeover

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Programs that do not know this protocol.
func TestStrangers(t *testing.T) {
	leaks(t)
	dir := t.TempDir()
	write := func(name, text string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		path string
		args []string
		says string
		is   error
	}{
		{"/bin/false", nil, "(process ", ErrEnded},
		{"/bin/false", nil, "it ended with exit status 1 before it was ready", ErrEnded},
		{"/bin/true", nil, "it ended with exit status 0 before it was ready", ErrEnded},
		{"/bin/sh", []string{"sh", "-c", "echo sorry >&2; exit 4"}, `exit status 4 before it was ready; it printed "sorry"`, ErrEnded},
		{"/bin/sleep", []string{"sleep", "1000"}, "not ready in time", ErrTimeout},
		{"/bin/sh", []string{"sh", "-c", "sleep 1000 & exit 4"}, "exit status 4", ErrEnded},
		{dir + "/missing", nil, "install it, or correct the path", fs.ErrNotExist},
		{dir, nil, "permission denied", fs.ErrPermission},
		{write("plain", "", 0o600), nil, "permission denied: make it executable, with chmod +x", fs.ErrPermission},
		{write("garbage", "\x00\x01", 0o700), nil, "not a program for this system", syscall.ENOEXEC},
		{write("script", "#!/missing/interpreter\n", 0o700), nil, "interpreter", fs.ErrNotExist},
	} {
		s := Spec{Path: c.path, Args: c.args, Timeout: hang, Env: environ("stranger")}
		if c.is == ErrTimeout {
			s.Timeout = 100 * time.Millisecond
		}
		p, err := Start(t.Context(), s)
		if err == nil {
			end(t, p)
			t.Fatalf("%s takes over", c.path)
		}
		contains(t, err.Error(), c.says, c.path, "starting a successor")
		if !errors.Is(err, c.is) {
			t.Errorf("%v is not %v", err, c.is)
		}
	}
}

func TestSpecIsChecked(t *testing.T) {
	many := map[string]*os.File{}
	for i := range MaxFiles + 1 {
		many[fmt.Sprint(i)] = os.Stdin
	}
	closed, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	exe := executable()
	leaks(t)
	for says, s := range map[string]Spec{
		"no program":       {},
		"negative":         {Path: exe, Settle: -1},
		"working":          {Path: exe, Dir: "/missing"},
		"not a directory":  {Path: exe, Dir: exe},
		"1024 files":       {Path: exe, Files: many},
		"65537 bytes":      {Path: exe, Data: make([]byte, MaxData+1)},
		`"x" to hand over`: {Path: exe, Files: map[string]*os.File{"x": nil}},
		"shorter names":    {Path: exe, Kind: strings.Repeat("x", MaxNames+1)},
		"inheriting":       {Path: exe, Files: map[string]*os.File{"x": closed}},
	} {
		_, err := Start(t.Context(), s)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

// Start waits for a program's file that is being written.
func TestFileIsBeingWritten(t *testing.T) {
	leaks(t)
	path := filepath.Join(t.TempDir(), "program")
	copyProgram(t, path, "")
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r := newReport(t)
	s := spec("hold", r)
	s.Path = path

	s.Timeout = 100 * time.Millisecond
	_, err = Start(t.Context(), s)
	if !errors.Is(err, syscall.ETXTBSY) {
		t.Fatal(err)
	}
	contains(t, err.Error(), "still being written after 100ms", path)

	s.Timeout = hang
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	defer func() { startProcess = syscall.StartProcess }()
	startProcess = func(path string, args []string, attr *syscall.ProcAttr) (int, uintptr, error) {
		cancel()
		return syscall.StartProcess(path, args, attr)
	}
	if _, err := Start(ctx, s); !errors.Is(err, context.Canceled) || !errors.Is(err, syscall.ETXTBSY) {
		t.Fatal(err)
	}

	busy := 0
	startProcess = func(path string, args []string, attr *syscall.ProcAttr) (int, uintptr, error) {
		if busy == 3 {
			w.Close()
		}
		pid, h, err := syscall.StartProcess(path, args, attr)
		if err == syscall.ETXTBSY {
			busy++
		}
		return pid, h, err
	}
	end(t, begin(t, s))
	if busy < 3 {
		t.Errorf("it was busy %d times", busy)
	}
}

// A start that the system refuses leaves no process or descriptor behind.
func TestStartRefused(t *testing.T) {
	leaks(t)
	defer func() { startProcess = syscall.StartProcess }()
	for _, errno := range []syscall.Errno{syscall.EAGAIN, syscall.ENOMEM} {
		startProcess = func(string, []string, *syscall.ProcAttr) (int, uintptr, error) { return 0, 0, errno }
		_, err := Start(t.Context(), spec("hold", newReport(t)))
		if !errors.Is(err, errno) {
			t.Error(err)
		}
		contains(t, err.Error(), "no room for another process now")
	}
}

// copyProgram copies the test binary, and appends bytes that make it another
// version.
func copyProgram(t *testing.T, path, version string) {
	t.Helper()
	b, err := os.ReadFile(executable())
	if err != nil {
		t.Fatal(err)
	}
	syscall.ForkLock.RLock() // a child that inherits the descriptor would keep the file busy
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, append(b, version...), 0o755); err != nil {
		t.Fatal(err)
	}
}

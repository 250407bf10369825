package lock

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/plugin"
)

// try starts and stops a daemon that locks the file.
func try(t *testing.T, path string, hard bool) error {
	t.Helper()
	start, stop, _ := attached("file", path, &fakeHost{hard: hard})
	if err := start(t.Context()); err != nil {
		return err
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
	return nil
}

// A process without the lock can ask which process holds it, and that changes
// nothing.
func TestHolder(t *testing.T) {
	legiontest.CheckLeaks(t)
	for _, kind := range []string{"file", "abstract"} {
		t.Run(kind, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "lock")
			if kind == "abstract" {
				name = "legion-test-holder-" + strconv.Itoa(os.Getpid())
			}
			h := &fakeHost{}
			start, stop, _ := attached(kind, name, h)
			other := attach(kind, name, &fakeHost{}).(plugin.LockReporter)
			if i := other.Lock(); i.Held || i.PID != 0 {
				t.Errorf("no process holds it: %+v", i)
			}
			if _, err := os.Lstat(name); err == nil {
				t.Error("asking has made the file")
			}
			must(t, start(t.Context()))
			for range 2 {
				if i := other.Lock(); !i.Held || i.PID != os.Getpid() || !strings.HasSuffix(i.Path, name) {
					t.Errorf("%+v", i)
				}
			}
			must(t, stop(t.Context()))
			for _, f := range h.copies {
				must(t, f.Close())
			}
			if i := other.Lock(); i.Held {
				t.Errorf("no process holds it any more: %+v", i)
			}
		})
	}
}

// The folders of the file are made.
func TestFolderIsMade(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "b")
	must(t, try(t, filepath.Join(folder, "lock"), false))
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm()&0o022 != 0 {
		t.Errorf("%v, %v", info, err)
	}
}

// A file that is not a lock file is refused, and left as it is; a hard start
// repairs some.
func TestRefusals(t *testing.T) {
	legiontest.CheckLeaks(t)
	for name, c := range map[string]struct {
		make   func(t *testing.T, path string)
		says   string
		mended bool // by a hard start
	}{
		"text":       {text("precious = 1\n"), "something else", true},
		"more text":  {text("123\nprecious"), "something else", true},
		"long":       {text(strings.Repeat("1", 40)), "something else", true},
		"zero":       {text("0\n"), "something else", true},
		"large":      {text("99999999999\n"), "something else", true},
		"negative":   {text("-1\n"), "something else", true},
		"mode":       {mode(0o666), "chmod go-w", true},
		"group":      {mode(0o620), "chmod go-w", true},
		"folder":     {func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o700)) }, "not a regular file", false},
		"named pipe": {func(t *testing.T, path string) { must(t, syscall.Mkfifo(path, 0o600)) }, "not a regular file", false},
		"socket": {func(t *testing.T, path string) {
			fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
			must(t, err)
			defer unix.Close(fd)
			must(t, unix.Bind(fd, &unix.SockaddrUnix{Name: path}))
		}, "not a regular file", false},
		"link": {func(t *testing.T, path string) {
			must(t, os.WriteFile(path+".target", []byte("1\n"), 0o600))
			must(t, os.Symlink(path+".target", path))
		}, "symbolic link", false},
		"link to nothing": {func(t *testing.T, path string) { must(t, os.Symlink(path+".target", path)) }, "symbolic link", false},
		"hard link": {func(t *testing.T, path string) {
			must(t, os.WriteFile(path+".target", []byte("1\n"), 0o600))
			must(t, os.Link(path+".target", path))
		}, "hard links", false},
		"foreign": {func(t *testing.T, path string) {
			if os.Geteuid() != 0 {
				t.Skip("only root can give a file away")
			}
			must(t, os.WriteFile(path, []byte("1\n"), 0o666))
			must(t, os.Chown(path, 12345, 12345))
		}, "belongs to user 12345", false},
		"no folder": {func(t *testing.T, path string) {
			must(t, os.RemoveAll(filepath.Dir(path)))
			must(t, os.WriteFile(filepath.Dir(path), nil, 0o600))
		}, "not a directory", false},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x", "d.lock")
			must(t, os.Mkdir(filepath.Dir(path), 0o700))
			c.make(t, path)
			before := look(path)
			if err := try(t, path, false); err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("the error is: %v", err)
			}
			if after := look(path); !slices.Equal(before, after) {
				t.Errorf("the start has changed %q to %q", before, after)
			}
			err := try(t, path, true)
			if c.mended != (err == nil) {
				t.Errorf("a hard start: %v", err)
			}
			if after := look(path); !c.mended && !slices.Equal(before, after) {
				t.Errorf("the hard start has changed %q to %q", before, after)
			}
			if c.mended {
				if err := try(t, path, false); err != nil {
					t.Errorf("a start after that: %v", err)
				}
			}
		})
	}
}

// A daemon that root starts, and that becomes another user then, may have made
// the file as either.
func TestFileOfTheDaemonsUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	legiontest.CheckLeaks(t)
	path := filepath.Join(t.TempDir(), "x", "d.lock")
	must(t, os.Mkdir(filepath.Dir(path), 0o700))
	text("1\n")(t, path)
	must(t, os.Chown(path, 12345, 12345))
	must(t, os.Chown(filepath.Dir(path), 12345, 12345))
	if err := try(t, path, false); err != nil {
		t.Error(err)
	}
}

// The remains of a crash are no obstacle.
func TestLeftovers(t *testing.T) {
	legiontest.CheckLeaks(t)
	for name, content := range map[string]string{
		"nothing": "", "dead": "999999999\n", "alive": "1\n", "half": "12", "overwritten": "12\n45\n", "zero bytes": "\x00\x00\x00\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "d.lock")
			text(content)(t, path)
			if err := try(t, path, false); err != nil {
				t.Error(err)
			}
		})
	}
}

// A hard start takes the lock from no process, whatever the file contains.
func TestHardStartRespectsLiveLock(t *testing.T) {
	legiontest.CheckLeaks(t)
	path := filepath.Join(t.TempDir(), "d.lock")
	c := run(t, nil, "file", path)
	if !c.ready() {
		t.Fatal(c.end())
	}
	must(t, os.Chmod(path, 0o666))
	err := try(t, path, true)
	var held *HeldError
	if !errors.As(err, &held) || !errors.Is(err, ErrHeld) || held.PID != c.cmd.Process.Pid || held.Lock != path {
		t.Errorf("%#v, %v", held, err)
	}
	must(t, os.WriteFile(path, []byte("rubbish"), 0o600))
	if err := try(t, path, true); !errors.Is(err, ErrHeld) {
		t.Error(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "rubbish" {
		t.Errorf("the file was touched: %q", b)
	}
	if code, stderr := c.end(); code != 0 {
		t.Error(code, stderr)
	}
}

// The lock must hold for the file that the path leads to: while some start and
// stop, another one removes the file again and again. A process that has the
// lock and finds its own file at the path must be the only one.
func TestRemovedWhileLocking(t *testing.T) {
	legiontest.CheckLeaks(t)
	path := filepath.Join(t.TempDir(), "d.lock")
	ctx, cancel := context.WithCancel(t.Context())
	var all, remover sync.WaitGroup
	remover.Go(func() {
		for ctx.Err() == nil {
			// Locked, as a careful cleaner would do: the removed file has no holder, but a
			// process that is about to lock it may have opened it.
			if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
				if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil && leadsTo(path, f) {
					_ = os.Remove(path)
				}
				_ = f.Close()
			}
		}
	})
	var mu sync.Mutex
	holders := 0
	for range 4 {
		all.Go(func() {
			for range 300 {
				f, err := acquire(t.Context(), "locked", path, false)
				if err != nil {
					if !errors.Is(err, ErrHeld) {
						t.Error(err)
					}
					continue
				}
				mu.Lock()
				holders++
				if holders > 1 {
					t.Errorf("%d hold the lock", holders)
				}
				mu.Unlock()
				must(t, writePID(f, os.Getpid())) // so that the others do not wait
				if !leadsTo(path, f) {
					t.Error("the path does not lead to the locked file")
				}
				mu.Lock()
				holders--
				mu.Unlock()
				_ = f.Close()
			}
		})
	}
	all.Wait()
	cancel()
	remover.Wait()
}

// The file is locked for other programs, too, and readable as a pid file.
func TestForeignTools(t *testing.T) {
	flock, err := exec.LookPath("flock")
	if err != nil {
		t.Skip("flock (util-linux) is not installed")
	}
	legiontest.CheckLeaks(t)
	path := filepath.Join(t.TempDir(), "d.lock")
	c := run(t, nil, "file", path)
	if !c.ready() {
		t.Fatal(c.end())
	}
	if b, _ := os.ReadFile(path); string(b) != c.pid()+"\n" {
		t.Errorf("the file holds %q", b)
	}
	if err := exec.Command(flock, "-n", path, "true").Run(); err == nil {
		t.Error("flock could lock it")
	}
	c.end()
	if err := exec.Command(flock, "-n", path, "true").Run(); err != nil {
		t.Error("flock could not lock it:", err)
	}
}

func TestCanceledWhileWaiting(t *testing.T) {
	legiontest.CheckLeaks(t)
	path := filepath.Join(t.TempDir(), "d.lock")
	f, err := acquire(t.Context(), "locked", path, false) // says not who it is
	must(t, err)
	defer f.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := acquire(ctx, "locked", path, false); !errors.Is(err, context.Canceled) || !errors.Is(err, ErrHeld) {
		t.Error(err)
	}
}

func text(s string) func(*testing.T, string) {
	return func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte(s), 0o600)) }
}

func mode(m os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		text("")(t, path)
		must(t, os.Chmod(path, m))
	}
}

// look describes a file and the one that it may lead to.
func look(path string) (all []string) {
	for _, p := range []string{path, path + ".target"} {
		info, err := os.Lstat(p)
		if err != nil {
			all = append(all, "none")
			continue
		}
		all = append(all, info.Mode().String(), info.ModTime().String())
		if info.Mode().IsRegular() {
			b, _ := os.ReadFile(p)
			all = append(all, string(b))
		}
	}
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Any contents of a file are a process id, nothing, or rubbish; and what was
// written is read back.
func FuzzPID(f *testing.F) {
	f.Add("123\n", 99)
	f.Add("12\n45\n", 1)
	f.Add("\x00\x00", 4194304)
	f.Fuzz(func(t *testing.T, s string, pid int) {
		file, err := os.CreateTemp(t.TempDir(), "")
		must(t, err)
		defer file.Close()
		_, err = file.WriteString(s)
		must(t, err)
		if got, err := readPID(file); err != nil && (got != 0 || !errors.Is(err, errRubbish)) || got < 0 {
			t.Errorf("%q is read as %d, %v", s, got, err)
		}
		if pid = pid & 0x7fffffff; pid == 0 {
			return
		}
		must(t, writePID(file, pid))
		if got, err := readPID(file); got != pid || err != nil {
			t.Errorf("%d over %q is read as %d, %v", pid, s, got, err)
		}
	})
}

package legion_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/internal/testkit"
	"github.com/legion-go/legion/lock"
	"github.com/legion-go/legion/plugin"
)

// found is a daemon that is found by files: a control socket, a socket of its
// own and a lock.
type found struct {
	t      *testing.T
	folder string
	log    testkit.Log
	d      *legion.Daemon
	lock   plugin.LockReporter // of a daemon that is never started: who asks
}

func newFound(t *testing.T) *found {
	f := &found{t: t, folder: filepath.Join(t.TempDir(), "run")}
	f.d = f.declare(slog.New(slog.NewTextHandler(&f.log, nil)))
	asks := lock.File("")
	f.declareWith(asks, slog.New(slog.DiscardHandler))
	f.lock = asks.(plugin.LockReporter)
	f.d.Serve("unix", filepath.Join(f.folder, "own.sock"), greet, func(context.Context) error { return nil })
	return f
}

func (f *found) declare(log *slog.Logger) *legion.Daemon { return f.declareWith(lock.File(""), log) }

func (f *found) declareWith(lock legion.Plugin, log *slog.Logger) *legion.Daemon {
	d := legion.New(legion.Config{Name: "found", RuntimeDir: f.folder, Logger: log})
	d.Use(lock)
	return d
}

// greet is a server that says who it is to each client, and hangs up.
func greet(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		_, _ = conn.Write([]byte("hello"))
		_ = conn.Close()
	}
}

// whole reports whether the daemon is found by all of its files. The lock is
// asked first, which takes nothing from it: its file is there a moment before
// it is locked.
func (f *found) whole() bool {
	if f.lock.Lock().PID != os.Getpid() {
		return false
	}
	conn, err := net.Dial("unix", filepath.Join(f.folder, "own.sock"))
	if err != nil {
		return false
	}
	defer conn.Close()
	if n, _ := conn.Read(make([]byte, 5)); n != 5 {
		return false
	}
	c, err := client.Dial(f.t.Context(), filepath.Join(f.folder, "control.sock"), client.Options{})
	if err != nil {
		return false
	}
	defer c.Close()
	second := f.declare(slog.New(slog.DiscardHandler))
	err = second.Start(f.t.Context())
	if err == nil {
		f.t.Error("a second daemon runs")
		_ = second.Stop(f.t.Context())
	}
	return errors.Is(err, lock.ErrHeld)
}

// What is removed under a running daemon comes back: it is never taken for
// stopped, and no second one starts.
func TestFilesComeBack(t *testing.T) {
	f := newFound(t)
	if err := f.d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer f.d.Stop(context.Background())
	if !f.whole() {
		t.Fatal("it is not found at all")
	}
	files := []string{"own.sock", "control.sock", "found.lock"}
	before := f.infos(files)
	for name, vanish := range map[string]func(path string) error{
		"removed": os.Remove,
		"renamed": func(path string) error { return os.Rename(path, path+".old") },
		"replaced": func(path string) error {
			if err := os.WriteFile(path+".new", nil, 0o600); err != nil {
				return err
			}
			return errors.Join(os.Rename(path+".new", path), os.Remove(path)) // what is no socket must go first
		},
		"with the folder": func(path string) error {
			return os.Rename(f.folder, f.folder+"."+filepath.Base(path)) // for each file: whatever has come back meanwhile
		},
	} {
		for _, file := range files {
			if err := vanish(filepath.Join(f.folder, file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
		await(t, func() bool { return f.changed(files, before) && f.whole() })
		t.Log(name)
		before = f.infos(files)
	}
	for _, file := range files {
		if !strings.Contains(f.log.String(), "is put back\" daemon=found path="+filepath.Join(f.folder, file)) {
			t.Errorf("the log says nothing of %s:\n%s", file, f.log.String())
		}
	}
	if err := f.d.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	for _, file := range files[:2] {
		if _, err := os.Lstat(filepath.Join(f.folder, file)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s stays after the stop: %v", file, err)
		}
	}
}

func (f *found) infos(files []string) (all []fs.FileInfo) {
	for _, file := range files {
		info, _ := os.Lstat(filepath.Join(f.folder, file))
		all = append(all, info)
	}
	return all
}

// changed reports whether each file is there, and another than before.
func (f *found) changed(files []string, before []fs.FileInfo) bool {
	for i, now := range f.infos(files) {
		if now == nil || os.SameFile(now, before[i]) && now.ModTime().Equal(before[i].ModTime()) {
			return false
		}
	}
	return true
}

// What stands in the way is told once, not removed, and the file comes back
// when it has gone.
func TestFilesThatCannotComeBack(t *testing.T) {
	f := newFound(t)
	if err := f.d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer f.d.Stop(context.Background())
	path := filepath.Join(f.folder, "own.sock")
	if err := errors.Join(os.WriteFile(path+".new", []byte("precious"), 0o600), os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
	told := func() int { // of the other files one may be removed just when it has come back
		return strings.Count(f.log.String(), `cannot be put back" daemon=found path=`+path)
	}
	await(t, func() bool { return told() == 1 })
	for range 3 { // other files vanish, too
		if err := os.Remove(filepath.Join(f.folder, "control.sock")); err != nil {
			t.Fatal(err)
		}
		await(t, func() bool { _, err := os.Lstat(filepath.Join(f.folder, "control.sock")); return err == nil })
	}
	if b, err := os.ReadFile(path); string(b) != "precious" || told() != 1 {
		t.Errorf("%q, %v; told %d times", b, err, told())
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	await(t, f.whole)
}

// Files that cannot be restored are tried again, though nothing happens in
// their folder: the system does not report that a disk is no longer full.
func TestFilesAreTriedAgain(t *testing.T) {
	d := legion.New(legion.Config{Name: "found", RuntimeDir: t.TempDir(), Control: "none"})
	p := &fickle{file: filepath.Join(t.TempDir(), "file"), back: make(chan bool)}
	d.Use(p)
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer d.Stop(context.Background())
	<-p.back
}

// fickle is a plugin whose file can be put back at the third try.
type fickle struct {
	file  string
	tries int
	back  chan bool
}

func (*fickle) Name() string                                { return "fickle" }
func (*fickle) Setup(context.Context, *legion.Daemon) error { return nil }
func (*fickle) Teardown(context.Context) error              { return nil }
func (p *fickle) Files() []string                           { return []string{p.file} }

func (p *fickle) Restore(context.Context) ([]string, error) {
	switch p.tries++; p.tries {
	case 1, 2:
		return nil, errors.New("the disk is full")
	case 3:
		close(p.back)
		return []string{p.file}, nil
	}
	return nil, nil
}

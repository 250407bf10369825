package lock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/status"
)

// File locks the file at path; "" is NAME.lock in the daemon's runtime folder.
// It makes missing folders of the path, with mode 0755. The file holds the
// process id of the daemon and a line feed while it runs, and is empty after it
// has stopped. The daemon runs if the file is locked; its contents do not say
// so. It is made with mode 0600, and never removed. If another process removes
// or replaces it while the daemon runs, the daemon locks a new file at the path
// at once (within seconds on other systems than Linux), and the log says so. A
// user who may read the file may lock it, too, and so hold up a start: make it
// readable only for users who may do that.
//
// The start fails with a *[HeldError] if another process has the lock. It
// refuses, and leaves as it is, a symbolic link, a file that is not regular,
// belongs to another user, has several names or is on a network file system,
// and one that other users may write to or that contains something else than a
// process id; a hard start (-s) repairs the last two.
func File(path string) legion.Plugin { return &fileLock{given: path} }

// The names of the descriptors in an upgrade.
const (
	keptFile  = "lock.file"
	keptBaton = "lock.file.baton"
)

// first is the priority of a plugin's handlers: no other handler keeps an event
// from them.
var first = legion.Priority(math.MaxInt)

type fileLock struct {
	given  string
	daemon host
	failed func(error) // reports what goes wrong while the daemon runs

	mu    sync.Mutex
	f     *os.File // nil while the lock is not held
	path  string
	owner bool // the process id inside is this process's
	baton *baton
}

func (l *fileLock) Name() string { return "lock-file" }

// Lock says which process holds the lock.
func (l *fileLock) Lock() status.Lock {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil {
		return mine(l.Name(), l.path)
	}
	i := status.Lock{Name: l.Name()}
	if l.daemon == nil {
		return i
	}
	var err error
	if i.Path, err = l.where(l.daemon.RuntimePath); err == nil {
		i.PID, i.Held = holder(i.Path)
	}
	return i
}

// Stats are the lock's entry in the statistics.
func (l *fileLock) Stats() any { return l.Lock() }

// Attach is called by Use.
func (l *fileLock) Attach(d *legion.Daemon) error {
	if l.daemon != nil {
		return errors.New("this lock belongs to another daemon: make one for each")
	}
	l.daemon, l.failed = d, reporter(d, "lock-file")
	legion.On(d, func(context.Context, event.PIDChanged) error { l.pass(); return nil }, first)
	return nil
}

// Start takes the lock, or takes it over.
func (l *fileLock) Start(ctx context.Context) error {
	path, err := l.where(l.daemon.RuntimeDir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the folder of the lock file %s: %w", path, err)
	}
	f, err := l.inherit(path)
	if err != nil {
		return err
	}
	fresh := f == nil
	if fresh {
		if f, err = acquire(ctx, l.daemon.Name(), path, l.daemon.HardStart()); err != nil {
			return err
		}
		if err := writePID(f, os.Getpid()); err != nil {
			_ = f.Close()
			return fmt.Errorf("writing the process id into %s: %w", path, err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b, err := newBaton(l.daemon, keptBaton, l.own, l.failed)
	if err != nil {
		_ = f.Close()
		return err
	}
	l.f, l.path, l.baton, l.owner = f, path, b, fresh
	l.daemon.Keep(keptFile, f)
	return nil
}

// where returns the path of the file; runtime returns the daemon's runtime
// folder.
func (l *fileLock) where(runtime func() (string, error)) (string, error) {
	if l.given != "" {
		return filepath.Abs(l.given)
	}
	dir, err := runtime()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, l.daemon.Name()+".lock"), nil
}

// inherit returns the locked file of the process before, nil if there is none
// or if it is not the one at path, because the path is a new one or another
// process has removed the file: then the lock is taken again.
func (l *fileLock) inherit(path string) (*os.File, error) {
	f := l.daemon.Inherited(keptFile)
	if f == nil {
		return nil, nil
	}
	if !leadsTo(path, f) {
		return nil, f.Close()
	}
	// It has the lock, so this changes nothing, unless it never had it.
	if err := lock(f, l.daemon.Name(), path); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("taking over the lock: %w", err)
	}
	return f, nil
}

// Files are the files that Legion watches while the daemon runs.
func (l *fileLock) Files() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	return []string{l.path}
}

// Restore locks a new file if the file at the path is not the locked one any
// more: another process would find it free.
func (l *fileLock) Restore(ctx context.Context) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil || !l.owner || leadsTo(l.path, l.f) {
		return nil, nil
	}
	if _, err := os.Stat(filepath.Dir(l.path)); errors.Is(err, fs.ErrNotExist) && l.given == "" {
		if _, err := l.daemon.RuntimeDir(); err != nil {
			return nil, err
		}
	}
	f, err := acquire(ctx, l.daemon.Name(), l.path, false)
	if held := (*HeldError)(nil); errors.As(err, &held) {
		return nil, fmt.Errorf("the lock file %s was removed while this process, %d, held it, and process %d has locked a new one: two daemons run, stop one of them",
			l.path, os.Getpid(), held.PID)
	}
	if err != nil {
		return nil, fmt.Errorf("locking %s again: %w", l.path, err)
	}
	if err := writePID(f, os.Getpid()); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("writing the process id into %s: %w", l.path, err)
	}
	old := l.f
	l.f = f
	l.daemon.Keep(keptFile, f)
	return []string{l.path}, old.Close()
}

// own is called when the lock has become this process's.
func (l *fileLock) own() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	if err := writePID(l.f, os.Getpid()); err != nil {
		return fmt.Errorf("writing the process id into %s: %w", l.path, err)
	}
	l.owner = true
	return nil
}

// pass passes the lock to the new process of an upgrade.
func (l *fileLock) pass() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil {
		l.owner = false
		l.baton.pass()
	}
}

// Stop frees the lock; after an upgrade, or in one that failed, it leaves the
// lock to the other process.
func (l *fileLock) Stop(context.Context) error {
	l.mu.Lock()
	f, b, owner := l.f, l.baton, l.owner
	l.f = nil
	l.mu.Unlock()
	if f == nil {
		return nil
	}
	var err error
	if owner {
		err = f.Truncate(0) // before the lock is free: another process may take it at once
	}
	b.close()
	// No LOCK_UN: that would unlock it for all processes that have it.
	return errors.Join(err, f.Close())
}

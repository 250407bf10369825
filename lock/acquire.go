package lock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// acquire opens the file at path and locks it.
//
// A process that follows these rules never removes such a file. But an
// administrator or a cleaner of old files may remove it and make a new one: two
// processes could lock two files of the same name. So after locking, the path
// must still lead to the locked file; if it does not, acquire starts again.
// From then on the lock holds for every process that uses that path.
func acquire(ctx context.Context, daemon, path string, hard bool) (*os.File, error) {
	var locked *os.File
	err := persist(ctx, func() error {
		for {
			f, err := open(path, hard)
			if err != nil {
				return err
			}
			if err := lock(f, daemon, path); err != nil {
				_ = f.Close()
				return err
			}
			if leadsTo(path, f) {
				locked = f
				return nil
			}
			_ = f.Close()
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("the lock file %s is being replaced all the time: %w", path, err)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if err := tidy(locked, path, hard); err != nil {
		_ = locked.Close()
		return nil, err
	}
	return locked, nil
}

// open opens the file, or makes it. It refuses a file that it cannot trust, and
// changes nothing then.
func open(path string, hard bool) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
		if errors.Is(err, fs.ErrNotExist) {
			// Exclusively, so that a link that leads nowhere is not followed either.
			f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
			if errors.Is(err, fs.ErrExist) {
				if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSymlink {
					return nil, refusal(path, info)
				}
				continue // another process has made it
			}
		}
		if err != nil {
			if info, lerr := os.Lstat(path); lerr == nil {
				if refused := refusal(path, info); refused != nil {
					return nil, refused
				}
			}
			return nil, fmt.Errorf("opening the lock file: %w", err)
		}
		info, err := f.Stat()
		if err == nil {
			err = refusal(path, info)
		}
		if err == nil && !hard && othersWrite(info) {
			err = fmt.Errorf("the lock file %s has mode %#o, so other users may write to it: look at it, then chmod go-w, or start hard (-s)", path, info.Mode().Perm())
		}
		if err == nil {
			err = refuseNetwork(f, path)
		}
		if err != nil {
			_ = f.Close()
			return nil, err
		}
		return f, nil
	}
}

// refusal says why a file of that kind is not used, if so.
func refusal(path string, info fs.FileInfo) error {
	switch {
	case info.Mode().Type() == fs.ModeSymlink:
		return fmt.Errorf("the lock file %s is a symbolic link, which is not followed: remove it, or name another file", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("the lock file %s is not a regular file but %s: name another file", path, info.Mode().Type())
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
	case !mayOwn(int(st.Uid), path):
		return fmt.Errorf("the lock file %s belongs to user %d, but this process runs as user %d: remove it, or name another file", path, st.Uid, os.Geteuid())
	case st.Nlink > 1:
		return fmt.Errorf("the lock file %s has other names (hard links), so it is used for something else, too: name another file", path)
	}
	return nil
}

// mayOwn reports whether uid may own the lock file at path: this process's user
// or, if that is root, the owner of its folder. The daemon becomes that user
// after its start, who could replace the file anyway.
func mayOwn(uid int, path string) bool {
	if me := os.Geteuid(); uid == me || me != 0 {
		return uid == me
	}
	info, err := os.Lstat(filepath.Dir(path))
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.IsDir() && int(st.Uid) == uid
}

func othersWrite(info fs.FileInfo) bool { return info.Mode().Perm()&0o022 != 0 }

// lock locks f without waiting. The error is a *HeldError if another open file
// has the lock.
func lock(f *os.File, daemon, path string) error {
	err := control(f, func(fd int) error {
		for {
			if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != unix.EINTR {
				return err
			}
		}
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EWOULDBLOCK):
		held := &HeldError{Daemon: daemon, Lock: path, UID: -1}
		held.PID, _ = readPID(f) // 0 if there is none to read
		return held
	}
	return fmt.Errorf("locking %s: %w: its file system may not support locks: name a file on a local one, in /run for instance", path, err)
}

// holder returns the process that has locked the file at path; 0 if it has not
// written its id, or is not visible from here. It makes and changes nothing.
func holder(path string) (pid int, held bool) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	// A shared lock, which two askers may have at the same time. It ends with f.
	err = control(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_SH|unix.LOCK_NB) })
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return 0, false
	}
	if pid, _ = readPID(f); pid != 0 && !alive(pid) {
		pid = 0 // its number in another container
	}
	return pid, true
}

// leadsTo reports whether path is a name of f.
func leadsTo(path string, f *os.File) bool {
	there, err := os.Lstat(path)
	if err != nil {
		return false
	}
	here, err := f.Stat()
	return err == nil && os.SameFile(there, here)
}

// tidy checks the contents of a locked file, and repairs it in a hard start.
func tidy(f *os.File, path string, hard bool) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if hard && othersWrite(info) {
		if err := f.Chmod(0o600); err != nil {
			return fmt.Errorf("changing the mode of the lock file: %w", err)
		}
	}
	_, err = readPID(f)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errRubbish) && hard:
		err = f.Truncate(0)
	case errors.Is(err, errRubbish):
		return fmt.Errorf("the lock file %s may be something else: %w: name another file, or start hard (-s) to overwrite it", path, err)
	}
	if err != nil {
		return fmt.Errorf("the lock file %s: %w", path, err)
	}
	return nil
}

// control runs fn on the descriptor of f, and leaves its blocking mode as it
// is.
func control(f interface {
	SyscallConn() (syscall.RawConn, error)
}, fn func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	if err := raw.Control(func(fd uintptr) { result = fn(int(fd)) }); err != nil {
		return err
	}
	return result
}

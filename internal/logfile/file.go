//go:build unix

package logfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// file is one open log file.
type file struct {
	fd       int
	dev, ino uint64
	born     time.Time
	write    func(fd int, p []byte) (int, error)
}

// openFile opens the file at path, creates it if it is missing, and refuses a
// file that is not our log file.
func openFile(path string) (*file, error) {
	// O_NONBLOCK, so that a FIFO does not block us; it has no effect on a regular
	// file.
	const flags = unix.O_WRONLY | unix.O_APPEND | unix.O_CREAT | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	var st unix.Stat_t
	// Not even opened: opening a device can have effects. The flags and a second
	// check catch later changes.
	if unix.Lstat(path, &st) == nil {
		if err := ours(path, &st); err != nil {
			return nil, fmt.Errorf("open log file %w", err)
		}
	}
	fd, err := retry(func() (int, error) { return unix.Open(path, flags, 0o640) })
	if errors.Is(err, unix.ENOENT) { // the file itself would be made
		return nil, fmt.Errorf("open log file %s: %w: make its folder first", path, err)
	} else if err != nil {
		return nil, fmt.Errorf("open log file %s: %w", path, err)
	}
	f := &file{fd: fd, write: unix.Write}
	if err := unix.Fstat(fd, &st); err != nil {
		f.close()
		return nil, fmt.Errorf("open log file %s: %w", path, err)
	}
	if err := ours(path, &st); err != nil {
		f.close()
		return nil, fmt.Errorf("open log file %w", err)
	}
	if st.Nlink > 1 {
		f.close()
		return nil, fmt.Errorf("open log file %s: refused, it has %d names (hard links), so it is something else, too; remove this name or choose another path", path, st.Nlink)
	}
	f.dev, f.ino = uint64(st.Dev), uint64(st.Ino)
	f.born = birth(fd, &st)
	return f, nil
}

// ours refuses what is not a regular file of this process's user or root.
func ours(path string, st *unix.Stat_t) error {
	if kind := st.Mode & unix.S_IFMT; kind != unix.S_IFREG {
		what := "no regular file"
		switch kind {
		case unix.S_IFIFO:
			what = "a named pipe"
		case unix.S_IFCHR, unix.S_IFBLK:
			what = "a device"
		case unix.S_IFSOCK:
			what = "a socket"
		case unix.S_IFLNK:
			what = "a symbolic link"
		case unix.S_IFDIR:
			what = "a directory"
		}
		return fmt.Errorf("%s: refused, it is %s; remove it or choose another path", path, what)
	}
	if me := unix.Geteuid(); st.Uid != 0 && int(st.Uid) != me {
		return fmt.Errorf("%s: refused, it belongs to user %d, neither to this process's user %d nor to root; change its owner or choose another path",
			path, st.Uid, me)
	}
	return nil
}

// at says whether path leads to this file, and how large it is.
func (f *file) at(path string) (size int64, ok bool) {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil || uint64(st.Dev) != f.dev || uint64(st.Ino) != f.ino {
		return 0, false
	}
	return st.Size, true
}

// linked says whether the file still has a name anywhere. If the system does
// not say, it returns true.
func (f *file) linked() bool {
	var st unix.Stat_t
	return unix.Fstat(f.fd, &st) != nil || st.Nlink > 0
}

func (f *file) size() int64 {
	var st unix.Stat_t
	if unix.Fstat(f.fd, &st) != nil {
		return 0
	}
	return st.Size
}

// append writes lines to the end of the file. If it fails, n bytes of whole
// lines are written, and nothing of the rest.
func (f *file) append(lines []byte) (n int, err error) {
	for n < len(lines) && err == nil {
		var m int
		m, err = retry(func() (int, error) { return f.write(f.fd, lines[n:]) })
		if m <= 0 && err == nil {
			err = io.ErrShortWrite
		}
		n += max(m, 0)
	}
	if err == nil {
		return n, nil
	}
	whole := bytes.LastIndexByte(lines[:n], '\n') + 1
	f.undo(n - whole)
	return whole, err
}

// undo takes back the last n bytes written. It does nothing if they are no
// longer the end of the file: then another process has appended to it or
// truncated it, which must not be undone. (If another process appends between
// the check and the truncation, its line is cut; this takes a full disk, or a
// deletion, at the same moment.)
func (f *file) undo(n int) {
	if n == 0 {
		return
	}
	// With O_APPEND, the offset is where the last write ended.
	end, err := unix.Seek(f.fd, 0, io.SeekCurrent)
	if err != nil || f.size() != end {
		return
	}
	_, err = retry(func() (int, error) { return 0, unix.Ftruncate(f.fd, end-int64(n)) })
	if err == nil {
		_, _ = unix.Seek(f.fd, end-int64(n), io.SeekStart)
	}
}

func (f *file) close() { _ = unix.Close(f.fd) }

// retry calls a system call again while a signal interrupts it.
func retry(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

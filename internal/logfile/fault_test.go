//go:build unix

package logfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// Something happens between the look at the path and the write: the narrowest gap that there is.
func TestWhatHappensJustBeforeTheWrite(t *testing.T) {
	for name, c := range map[string]struct {
		do        func(t *testing.T, path string)
		old, path string
	}{
		"nothing": {func(*testing.T, string) {}, "1\n2\n3\n4\n", "1\n2\n3\n4\n"},
		"delete":  {func(t *testing.T, path string) { do(t, os.Remove(path)) }, "1\n", "2\n3\n4\n"},
		"rename":  {func(t *testing.T, path string) { do(t, os.Rename(path, path+".1")) }, "1\n2\n3\n", "4\n"},
		"replace": {func(t *testing.T, path string) {
			do(t, os.WriteFile(path+".new", []byte("new\n"), 0o600))
			do(t, os.Rename(path+".new", path))
		}, "1\n", "new\n2\n3\n4\n"},
		"truncate": {func(t *testing.T, path string) { do(t, os.Truncate(path, 0)) }, "2\n3\n4\n", "2\n3\n4\n"},
		"delete, but it has another name": {func(t *testing.T, path string) {
			do(t, os.Link(path, path+".1"))
			do(t, os.Remove(path))
		}, "1\n2\n3\n", "4\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "d.log")
			var armed atomic.Bool
			w := start(t, Options{Path: path, write: func(fd int, p []byte) (int, error) {
				if armed.CompareAndSwap(true, false) {
					c.do(t, path)
				}
				return unix.Write(fd, p)
			}})
			w.Write([]byte("1\n"))
			flush(t, w)
			h, _ := hold(path)
			armed.Store(true)
			w.Write([]byte("2\n3\n"))
			flush(t, w)
			w.Write([]byte("4"))
			flush(t, w)
			if old, now := h.text(t), read(t, path); old != c.old || now != c.path {
				t.Errorf("the old file has %q, want %q; the path's has %q, want %q", old, c.old, now, c.path)
			}
			if s := finish(t, w); s.Lines != 4 || s.Bytes != 8 || s.Dropped != 0 || s.Err != nil {
				t.Errorf("stats: %+v", s)
			}
		})
	}
}

// A write that ends after any number of bytes leaves whole lines only; the rest follows, once.
func TestPartialWrites(t *testing.T) {
	const batch = "first\nsecond\nthird and last\n"
	for _, fail := range []error{unix.ENOSPC, unix.EIO, unix.EINTR, nil} {
		for cut := range len(batch) + 1 {
			path := filepath.Join(t.TempDir(), "d.log")
			gate, failed := make(chan struct{}), make(chan struct{})
			calls, seen := 0, ""
			w := start(t, Options{Path: path, write: func(fd int, p []byte) (int, error) {
				calls++
				switch {
				case calls == 1 && cut > 0:
					n, err := unix.Write(fd, p[:cut])
					if cut == len(batch) {
						close(failed)
					}
					return n, err
				case calls == 1, calls == 2 && cut > 0 && cut < len(batch):
					defer close(failed)
					if fail == nil && calls == 1 {
						return 0, nil // what no system should do
					}
					if fail == nil {
						return unix.Write(fd, p)
					}
					return -1, fail
				case seen == "":
					seen = read(t, path)
				}
				<-gate
				return unix.Write(fd, p)
			}})
			w.Write([]byte(batch))
			<-failed
			close(gate)
			flush(t, w)
			if got := read(t, path); got != batch {
				t.Fatalf("%v after %d bytes: %q", fail, cut, got)
			}
			if whole := strings.LastIndexByte(batch[:cut], '\n') + 1; errors.Is(fail, unix.ENOSPC) && cut < len(batch) && seen != batch[:whole] && whole > 0 {
				t.Fatalf("%v after %d bytes: meanwhile the file has %q, want %q", fail, cut, seen, batch[:whole])
			}
			finish(t, w)
		}
	}
}

// What another process did to the end of the file is not undone together with a line of ours.
func TestPartialWriteBesideOthers(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(path string) error
		want string
	}{
		"appends": {func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				_, err = f.WriteString("foreign\n")
				f.Close()
			}
			return err
		}, "firseforeign\nfirst\nsecond\n"},
		"truncates": {func(path string) error { return os.Truncate(path, 0) }, "first\nsecond\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "d.log")
			calls := 0
			w := start(t, Options{Path: path, write: func(fd int, p []byte) (int, error) {
				switch calls++; calls {
				case 1:
					return unix.Write(fd, []byte("firse"))
				case 2:
					do(t, c.do(path))
					return -1, unix.ENOSPC
				}
				return unix.Write(fd, p)
			}})
			w.Write([]byte("first\nsecond\n"))
			flush(t, w)
			if got := read(t, path); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Who deletes the file before every write does not keep the writer busy, and the lines wait.
func TestDeletedAgainAndAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	var stop atomic.Bool
	var writes atomic.Int64
	type failure struct {
		err   error
		after int64 // writes
	}
	failures := make(chan failure, 1)
	w := start(t, Options{Path: path, OnError: func(err error) { failures <- failure{err, writes.Load()} }, write: func(fd int, p []byte) (int, error) {
		if writes.Add(1); !stop.Load() {
			do(t, os.Remove(path))
		}
		return unix.Write(fd, p)
	}})
	w.Write([]byte("1\n2\n"))
	if f := <-failures; !strings.Contains(f.err.Error(), "again and again") || f.after != maxDeletions {
		t.Errorf("after %d writes: %v", f.after, f.err)
	}
	stop.Store(true)
	w.Reopen()
	flush(t, w)
	if got := read(t, path); got != "1\n2\n" {
		t.Errorf("got %q", got)
	}
}

// A disk that does not answer holds nobody up: neither those who write nor Close.
func TestHungWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	gate, hung := make(chan struct{}), make(chan struct{}, 100)
	w := start(t, Options{Path: path, Buffer: 8 << 10, write: func(fd int, p []byte) (int, error) {
		hung <- struct{}{}
		<-gate
		return unix.Write(fd, p)
	}})
	w.Write([]byte("first\n"))
	<-hung
	text := bytes.Repeat([]byte("x"), 999)
	for range 20 {
		if n, err := w.Write(text); n != len(text) || err != nil {
			t.Fatalf("Write: %d, %v", n, err)
		}
	}
	if s := w.Stats(); s.Dropped != 12 || s.Buffered != 9 || s.Lines != 0 {
		t.Errorf("stats: %+v", s)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.Flush(gone); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "9 lines") {
		t.Errorf("Flush: %v", err)
	}
	flushed := make(chan error)
	go func() { flushed <- w.Flush(context.Background()) }()
	err := w.Close(gone)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "9 lines") {
		t.Errorf("Close: %v", err)
	}
	if err := <-flushed; !errors.Is(err, ErrClosed) {
		t.Errorf("Flush while Close gives up: %v", err)
	}
	if again := w.Close(context.Background()); again == nil || again.Error() != err.Error() {
		t.Errorf("Close again: %v, before: %v", again, err)
	}
	w.Write(text)
	if s := w.Stats(); s.Dropped != 22 || s.Buffered != 0 {
		t.Errorf("stats: %+v", s)
	}
	close(gate) // the goroutine ends; TestMain looks
	<-w.done
}

// A failing disk: OnError once for each spell, the reason and the number in the log afterwards.
func TestFailureIsToldOnceAndDropsAreReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	var broken atomic.Bool
	told := make(chan error, 100)
	w := start(t, Options{Path: path, Buffer: 4 << 10, OnError: func(err error) { told <- err },
		Dropped: func(lines uint64, why error) []byte {
			return fmt.Appendf(nil, "level=WARN\nlost=%d why=%q", lines, why)
		},
		write: func(fd int, p []byte) (int, error) {
			if broken.Load() {
				return -1, unix.EIO
			}
			return unix.Write(fd, p)
		}})
	for range 2 {
		broken.Store(true)
		w.Write([]byte("first\n"))
		if err := <-told; !errors.Is(err, unix.EIO) || !strings.Contains(err.Error(), path) {
			t.Fatalf("told %v", err)
		}
		for range 10 {
			w.Write(bytes.Repeat([]byte("x"), 1000))
		}
		if s := w.Stats(); !errors.Is(s.Err, unix.EIO) || s.Buffered != 5 {
			t.Fatalf("stats: %+v", s)
		}
		broken.Store(false)
		flush(t, w)
		until(t, "the report is written", func() bool {
			return strings.HasSuffix(read(t, path), `level=WARN lost=6 why="write log file `+path+`: input/output error"`+"\n")
		})
		until(t, "all is well", func() bool { return w.Stats().Err == nil })
	}
	if len(told) != 0 {
		t.Errorf("told more than once: %v", <-told)
	}
	w.Write(make([]byte, 5000)) // longer than the buffer: an idle writer reports it all the same
	until(t, "the report is written", func() bool {
		return strings.HasSuffix(read(t, path), `lost=1 why="`+ErrOverflow.Error()+"\"\n")
	})
	if s := finish(t, w); s.Dropped != 13 || s.Lines != 10 {
		t.Errorf("stats: %+v", s)
	}
}

// A line that is dropped while the report of others is written is reported, too, with its own reason, and without
// another one coming.
func TestDropDuringTheReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	long := bytes.Repeat([]byte("x"), minBuffer+1)
	var w *Writer
	var broken, once atomic.Bool
	broken.Store(true)
	failed, told := make(chan struct{}, 1), make(chan struct{}, 3)
	w = start(t, Options{
		Path: path, Buffer: minBuffer,
		OnError: func(error) { failed <- struct{}{} },
		Dropped: func(lines uint64, why error) []byte {
			told <- struct{}{}
			return fmt.Appendf(nil, "%d dropped, disk %t", lines, errors.Is(why, unix.EIO))
		},
		write: func(fd int, p []byte) (int, error) {
			switch {
			case broken.Load():
				return -1, unix.EIO
			case bytes.Contains(p, []byte("dropped")) && once.CompareAndSwap(false, true):
				w.Write(long)
			}
			return unix.Write(fd, p)
		},
	})
	w.Write([]byte("first\n"))
	<-failed
	w.Write(long)
	broken.Store(false)
	for range 2 {
		select {
		case <-told:
		case <-guard(t).Done():
			t.Fatal("a dropped line is not reported")
		}
	}
	finish(t, w)
	if got := read(t, path); got != "first\n1 dropped, disk true\n1 dropped, disk false\n" {
		t.Errorf("%q", got)
	}
}

// Writers that never wait, a buffer that is too small: what is not in the file is counted, and the rest in order.
func TestOverflow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	w := start(t, Options{Path: path, Buffer: 4 << 10})
	c := newCrowd(t, w, "g", 4, false)
	until(t, "lines are dropped", func() bool { return w.Stats().Dropped > 10000 })
	c.stop()
	s := finish(t, w)
	check(t, []string{read(t, path)}, s.Dropped, c)
}

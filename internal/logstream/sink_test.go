package logstream

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/outbox"
	"github.com/legion-go/legion/internal/testkit"
)

func do(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, s *Sink, lines string) {
	t.Helper()
	if n, err := s.Put(context.Background(), []byte(lines)); n != len(lines) || err != nil {
		t.Fatalf("put: %d of %d, %v", n, len(lines), err)
	}
}

// Lines arrive, even one that the pipe does not hold; and the pipe blocks as it
// did, for others that share it.
func TestLinesArrive(t *testing.T) {
	r, w := testkit.BlockingPipe(t)
	s := New(w)
	long := strings.Repeat("x", 200<<10) + "\n"
	read := make(chan string)
	go func() {
		all, _ := io.ReadAll(r)
		read <- string(all)
	}()
	must(t, s, "1\n2\n")
	must(t, s, long)
	must(t, s, "") // nothing to write
	must(t, s, "3\n")
	if flags, err := unix.FcntlInt(w.Fd(), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
		t.Errorf("flags %#x, %v", flags, err)
	}
	do(t, s.Close())
	if got := <-read; got != "1\n2\n"+long+"3\n" {
		t.Errorf("got %d bytes", len(got))
	}
}

// What is not read holds up Put until its context ends, and nothing longer.
func TestNobodyReads(t *testing.T) {
	_, w := testkit.BlockingPipe(t)
	s := New(w)
	full := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for { // until the pipe is full
			var n int
			ready := []unix.PollFd{{Fd: int32(w.Fd()), Events: unix.POLLOUT}}
			if n, _ = unix.Poll(ready, 0); n == 0 {
				close(full)
				cancel()
				return
			}
		}
	}()
	lines := strings.Repeat("123456789\n", 100_000)
	n, err := s.Put(ctx, []byte(lines))
	<-full
	if n == 0 || n == len(lines) || lines[n-1] != '\n' || !errors.Is(err, context.Canceled) {
		t.Errorf("put: %d of %d, %v", n, len(lines), err)
	}
	_, _ = AtOnce(w).Write([]byte(lines)) // nor does this wait
}

// A pipe without a reader takes no line now and later. When it has a reader
// again, a line begins on a line of its own.
func TestReaderLeaves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	do(t, unix.Mkfifo(path, 0o600))
	first, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	do(t, err)
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	do(t, err)
	s := New(w)
	must(t, s, "1\n")
	torn := make(chan error)
	go func() {
		n, err := s.Put(context.Background(), []byte(strings.Repeat("x", 1<<20)+"\n"))
		if n > 0 {
			err = errors.New("a part of a line counts as written")
		}
		torn <- err
	}()
	b := make([]byte, 2+1000)
	_, err = io.ReadFull(first, b) // some of it is on its way
	do(t, err)
	do(t, first.Close())
	for _, err := range []error{<-torn, func() error { _, err := s.Put(context.Background(), []byte("2\n")); return err }()} {
		if r := (*outbox.Refused)(nil); !errors.As(err, &r) || !errors.Is(err, unix.EPIPE) {
			t.Errorf("put: %v", err)
		}
	}
	again, err := os.Open(path)
	do(t, err)
	defer again.Close()
	go func() {
		_, _ = s.Put(context.Background(), []byte("3\n4\n"))
		_ = s.Close()
	}()
	lines := bufio.NewReader(again)
	for _, want := range []string{"x", "3", "4"} {
		if got, err := lines.ReadString('\n'); err != nil || strings.Trim(got, "x") != strings.Trim(want+"\n", "x") {
			t.Errorf("%d bytes, %.50q, want %q: %v", len(got), got, want, err)
		}
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	file, link, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	do(t, os.WriteFile(file, nil, 0o600))
	do(t, os.Symlink("/dev/null", link))
	do(t, unix.Mkfifo(pipe, 0o600))
	for path, stream := range map[string]bool{
		file: false, filepath.Join(dir, "none"): false, link: false, dir: false,
		pipe: true, "/dev/null": true, "/dev/stdout": true, "/dev/fd/2": true,
	} {
		s, err := Open(path)
		if err != nil || (s != nil) != stream {
			t.Errorf("%s: %v, %v", path, s, err)
		}
		if s == nil {
			continue
		}
		if path == pipe {
			must(t, s, "1\n") // without a reader
		}
		do(t, s.Close())
	}
	if _, err := os.Stderr.Stat(); err != nil {
		t.Errorf("standard error is closed: %v", err)
	}
	if os.Geteuid() == 0 {
		do(t, os.Chown(pipe, 65534, 65534))
		if _, err := Open(pipe); err == nil || !strings.Contains(err.Error(), "belongs to user 65534") {
			t.Errorf("a pipe that belongs to another user: %v", err)
		}
	}
}

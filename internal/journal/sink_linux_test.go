package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/outbox"
)

func TestEntriesArrive(t *testing.T) {
	path := pathIn(t)
	j := listen(t, path)
	s := start(t, path)
	binary := make([]byte, 256)
	for i := range binary {
		binary[i] = byte(i)
	}
	for _, fields := range [][]pair{
		{{"MESSAGE", "hello"}, {"PRIORITY", "6"}, {"SYSLOG_IDENTIFIER", "thumbd"}},
		{{"MESSAGE", "two\nlines\n"}, {"PRIORITY", "3"}},
		{{"MESSAGE", ""}, {"BINARY", string(binary)}, {"TAG", "a"}, {"TAG", "b"}},
		{{"MESSAGE", "x\nPRIORITY=0\n"}},
	} {
		var entry []byte
		for _, f := range fields {
			entry = AppendField(entry, f.name, f.value)
		}
		put(t, s, entry)
		if got, file := j.next(); !slices.Equal(got, fields) || file {
			t.Errorf("got %q, in a file: %v; want %q", got, file, fields)
		}
	}
	put(t, s, nil) // nothing to send
}

// An entry that is too large for a datagram comes in a memory file, in its
// place among the others.
func TestLargeEntries(t *testing.T) {
	path := pathIn(t)
	j := listen(t, path)
	s := start(t, path)
	files := 0
	for _, size := range []int{1000, 100_000, 16 << 20, 500_000, 10} {
		text := strings.Repeat("0123456\n", size/8+1)
		put(t, s, append(message(text), "PRIORITY=6\n"...))
		got, file := j.next()
		if !slices.Equal(got, []pair{{"MESSAGE", text}, {"PRIORITY", "6"}}) {
			t.Errorf("%d bytes: not what was sent", size)
		}
		if file {
			files++
		}
		if size < 10_000 && file || size > 10<<20 && !file {
			t.Errorf("%d bytes: in a file: %v", size, file)
		}
	}
	t.Logf("%d of 5 in a file", files)
}

func TestNobodyListens(t *testing.T) {
	path := pathIn(t)
	if _, err := Open(path); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("Open: %v", err)
	}
	if _, err := Open(strings.Repeat("x", 200)); err == nil {
		t.Error("a path that is too long: no error")
	}
}

// A journald that reads nothing holds up Put until its context ends.
func TestPutWaitsForJournald(t *testing.T) {
	path := pathIn(t)
	j := listen(t, path)
	s := start(t, path)
	sent, waited := 0, make(chan error)
	full := false
	for n := 0; !full; n++ {
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			_, err := s.Put(ctx, message(fmt.Sprint(n)))
			waited <- err
		}()
		select {
		case err := <-waited:
			do(t, err)
			sent++
		case <-time.After(100 * time.Millisecond): // too early harms nothing
			cancel()
			if full = <-waited != nil; !full {
				sent++
			}
		}
		cancel()
	}
	if n, err := s.Put(guard(t), message("late")); n != 0 || err == nil {
		t.Errorf("put after giving up: %d, %v", n, err)
	}
	for n := range sent {
		if got, _ := j.next(); got[0].value != fmt.Sprint(n) {
			t.Errorf("got %q, want %d", got, n)
		}
	}
	do(t, j.conn.SetReadDeadline(time.Unix(1, 0)))
	if _, err := j.conn.Read(j.buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("something was sent after giving up: %v", err)
	}
}

// journald goes away, with and without its socket, and comes back.
func TestJournaldRestarts(t *testing.T) {
	path := pathIn(t)
	j := listen(t, path)
	s := start(t, path)
	put(t, s, message("1"))
	j.next()
	for _, left := range []bool{false, true} {
		do(t, j.conn.Close())
		if !left {
			do(t, os.Remove(path))
		}
		for range 2 {
			if n, err := s.Put(guard(t), message("2")); n != 0 || !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ECONNREFUSED) || !strings.Contains(err.Error(), path) {
				t.Errorf("put: %d, %v", n, err)
			}
		}
		os.Remove(path)
		j = listen(t, path)
		put(t, s, message("2"))
		if got, _ := j.next(); got[0].value != "2" {
			t.Errorf("got %q", got)
		}
	}
	// It was away between two entries only: no entry is lost.
	do(t, j.conn.Close())
	os.Remove(path)
	j = listen(t, path)
	put(t, s, message("3"))
	j.next()
}

// An entry that no socket takes is refused.
func TestRefusedEntry(t *testing.T) {
	path := pathIn(t)
	listen(t, path)
	s := start(t, path)
	do(t, s.socket.file.Close()) // the error of this is no fault of journald's
	n, err := s.Put(guard(t), message("1"))
	if r := (*outbox.Refused)(nil); n != 0 || !errors.As(err, &r) || !errors.Is(err, errRefused) || !strings.Contains(err.Error(), path) {
		t.Errorf("put: %d, %v", n, err)
	}
}

// The whole way of an entry, from many goroutines, with more than the queue
// holds: one entry for each Put, in order, and the missing ones told.
func TestBehindAnOutbox(t *testing.T) {
	path := pathIn(t)
	j := listen(t, path)
	s, err := Open(path)
	do(t, err)
	w := outbox.New(s, outbox.Options{Buffer: 10_000, Batch: 1, Dropped: func(entries uint64, why error) []byte {
		return message(fmt.Sprintf("%d entries were dropped: %v", entries, why))
	}})
	const entries = 5000
	for n := range entries {
		_, _ = w.Write(message(fmt.Sprintf("%04d %s", n, strings.Repeat("x", 100))))
	}
	closed := make(chan error)
	go func() { closed <- w.Close(guard(t)) }()
	last, arrived, reported := -1, 0, 0
	for arrived+reported < entries {
		fields, _ := j.next()
		n := 0
		if _, err := fmt.Sscanf(fields[0].value, "%d entries were dropped: "+outbox.ErrOverflow.Error(), &n); err == nil {
			reported += n
			continue
		}
		_, err := fmt.Sscanf(fields[0].value, "%04d x", &n)
		do(t, err)
		if n <= last {
			t.Fatalf("entry %d after %d", n, last)
		}
		last = n
		arrived++
	}
	do(t, <-closed)
	if s := w.Stats(); s.Written != uint64(arrived) || s.Dropped != uint64(reported) || reported == 0 {
		t.Errorf("%d arrived, %d reported as dropped: %+v", arrived, reported, s)
	}
}

func BenchmarkPut(b *testing.B) {
	path := pathIn(b)
	j := listen(b, path)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for buf := make([]byte, 1<<16); ; {
			if _, err := j.conn.Read(buf); err != nil {
				return
			}
		}
	}()
	s := start(b, path)
	entry := AppendField(message(string(bytes.Repeat([]byte("x"), 100))), "PRIORITY", "6")
	ctx := guard(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Put(ctx, entry); err != nil {
			b.Fatal(err)
		}
	}
	j.conn.Close()
	<-done
}

package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestEntriesArrive(t *testing.T) {
	path := pathIn(t)
	j := listen(t, path)
	w := start(t, Options{Path: path})
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
		w.Write(entry)
		clear(entry) // it is the caller's again
		if got, file := j.next(); !slices.Equal(got, fields) || file {
			t.Errorf("got %q, in a file: %v; want %q", got, file, fields)
		}
	}
	do(t, w.Flush(guard(t)))
	do(t, w.Close(guard(t)))
	if s := w.Stats(); s.Entries != 4 || s.Dropped != 0 || s.Waiting != 0 || s.Err != nil {
		t.Errorf("stats: %+v", s)
	}
}

// An entry that is too large for a datagram comes in a memory file, in its place among the others.
func TestLargeEntries(t *testing.T) {
	path := pathIn(t)
	j := listen(t, path)
	w := start(t, Options{Path: path, Buffer: 20 << 20})
	files := 0
	for _, size := range []int{1000, 100_000, 16 << 20, 500_000, 10} {
		text := strings.Repeat("0123456\n", size/8+1)
		w.Write(append(message(text), "PRIORITY=6\n"...))
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
	do(t, w.Close(guard(t)))
	t.Logf("%d of 5 in a file", files)
}

func TestNobodyListens(t *testing.T) {
	path := pathIn(t)
	if _, err := Open(Options{Path: path}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("Open: %v", err)
	}
	if _, err := Open(Options{Path: strings.Repeat("x", 200)}); err == nil {
		t.Error("a path that is too long: no error")
	}
}

// A journald that reads nothing holds up neither Write nor Close; what does not fit is counted, and reported later.
func TestSlowReader(t *testing.T) {
	path := pathIn(t)
	j := listen(t, path)
	w := start(t, Options{Path: path, Buffer: 10_000})
	const entries = 5000
	for n := range entries { // if Write waited, this would not end
		w.Write(message(fmt.Sprintf("%04d %s", n, strings.Repeat("x", 100))))
	}
	s := w.Stats()
	if s.Dropped == 0 || s.Entries+s.Dropped+s.Waiting != entries {
		t.Fatalf("stats: %+v", s)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.Flush(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("Flush: %v", err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { do(t, w.Close(guard(t))) })
	last, arrived, reported := -1, 0, 0
	for arrived+reported < entries {
		fields, _ := j.next()
		n := 0
		if _, err := fmt.Sscanf(fields[0].value, "%d entries were dropped: "+ErrOverflow.Error(), &n); err == nil {
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
	wg.Wait()
	if s := w.Stats(); s.Entries != uint64(arrived) || s.Dropped != uint64(reported) || reported == 0 {
		t.Errorf("%d arrived, %d reported as dropped: %+v", arrived, reported, s)
	}
}

// Close gives up with its context, and says how much is lost.
func TestCloseGivesUp(t *testing.T) {
	path := pathIn(t)
	j := listen(t, path)
	w := start(t, Options{Path: path})
	for range 5000 {
		w.Write(message("x"))
	}
	until(t, "the socket is full", func() bool {
		before := w.Stats().Entries
		time.Sleep(10 * time.Millisecond) // nothing tells that the goroutine waits; too early harms nothing
		return w.Stats().Entries == before
	})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	flushed := make(chan error)
	go func() { flushed <- w.Flush(context.Background()) }()
	err := w.Close(ctx)
	s := w.Stats()
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), fmt.Sprintf("%d entries", s.Dropped)) {
		t.Errorf("Close: %v; %+v", err, s)
	}
	if err := <-flushed; !errors.Is(err, ErrClosed) {
		t.Errorf("Flush: %v", err)
	}
	if again := w.Close(context.Background()); again == nil || again.Error() != err.Error() {
		t.Errorf("Close again: %v", again)
	}
	for range s.Entries {
		j.next()
	}
	w.Write(message("late"))
	if late := w.Stats(); late.Dropped != s.Dropped+1 || s.Entries+s.Dropped != 5000 || s.Waiting != 0 {
		t.Errorf("%+v, then %+v", s, late)
	}
	do(t, j.conn.SetReadDeadline(time.Unix(1, 0)))
	if _, err := j.conn.Read(j.buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("something was sent after Close: %v", err)
	}
}

// journald goes away, with and without its socket, and comes back: entries wait, and nothing that was accepted is lost.
func TestJournaldRestarts(t *testing.T) {
	path := pathIn(t)
	told := make(chan error, 100)
	j := listen(t, path)
	w := start(t, Options{Path: path, Buffer: 1000, OnError: func(err error) { told <- err }})
	w.Write(message("1"))
	j.next()
	for _, left := range []bool{false, true} {
		do(t, j.conn.Close())
		if !left {
			do(t, os.Remove(path))
		}
		w.Write(message("2"))
		if err := <-told; !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ECONNREFUSED) {
			t.Errorf("told %v", err)
		}
		w.Write(message(strings.Repeat("x", 2000)))
		if s := w.Stats(); s.Waiting != 1 || s.Dropped == 0 || s.Err == nil {
			t.Errorf("stats: %+v", s)
		}
		os.Remove(path)
		j = listen(t, path)
		w.Write(message("3"))
		var got []string
		for range 3 {
			fields, _ := j.next()
			got = append(got, fields[0].value)
		}
		report := "1 entries were dropped: connect to journal " + path
		if got[0] != "2" || !slices.Contains(got, "3") || !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, report) }) {
			t.Errorf("got %q", got)
		}
		do(t, w.Flush(guard(t)))
	}
	if s := w.Stats(); s.Entries != 5 || s.Dropped != 2 || s.Err != nil || len(told) > 0 {
		t.Errorf("stats: %+v", s)
	}
}

// Entries of one goroutine arrive in the order in which it wrote them.
func TestManyGoroutines(t *testing.T) {
	path := pathIn(t)
	j := listen(t, path)
	w := start(t, Options{Path: path, Buffer: 8 << 20})
	const writers, entries = 4, 2000
	var wg sync.WaitGroup
	for g := range writers {
		wg.Go(func() {
			var entry []byte
			for n := range entries {
				entry = AppendField(entry[:0], "MESSAGE", fmt.Sprintf("%d %d", g, n))
				w.Write(entry)
			}
		})
	}
	next := make([]int, writers)
	for range writers * entries {
		fields, _ := j.next()
		var g, n int
		_, err := fmt.Sscan(fields[0].value, &g, &n)
		do(t, err)
		if n != next[g] {
			t.Fatalf("entry %d of %d, want %d", n, g, next[g])
		}
		next[g]++
	}
	wg.Wait()
	do(t, w.Close(guard(t)))
}

func BenchmarkWrite(b *testing.B) {
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
	w := start(b, Options{Path: path})
	entry := AppendField(message(string(bytes.Repeat([]byte("x"), 100))), "PRIORITY", "6")
	b.ReportAllocs()
	for b.Loop() {
		w.Write(entry)
	}
	do(b, w.Close(guard(b)))
	b.ReportMetric(float64(w.Stats().Entries)/b.Elapsed().Seconds(), "sent/s")
	j.conn.Close()
	<-done
}

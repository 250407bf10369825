//go:build unix

package logfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// hang is how long a test waits for what must happen; it says nothing about how fast it is.
const hang = time.Minute

func TestMain(m *testing.M) {
	_, _ = filepath.Glob("/proc/self/fd/*") // what the runtime opens for itself, it has opened now
	if r, w, err := os.Pipe(); err == nil {
		_, _ = r.Close(), w.Close()
	}
	fds, routines := descriptors(), runtime.NumGoroutine()
	code := m.Run()
	for deadline := time.Now().Add(5 * time.Second); code == 0; time.Sleep(time.Millisecond) {
		if descriptors() <= fds && runtime.NumGoroutine() <= routines {
			break
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<16)
			fmt.Printf("left behind: %d descriptors, %d goroutines\n%s\n", descriptors()-fds,
				runtime.NumGoroutine()-routines, stacks[:runtime.Stack(stacks, true)])
			code = 1
		}
	}
	os.Exit(code)
}

func descriptors() int {
	names, _ := filepath.Glob("/proc/self/fd/*")
	return len(names)
}

func guard(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	t.Cleanup(cancel)
	return ctx
}

// start opens a writer that the test's end closes.
func start(t testing.TB, o Options) *Writer {
	t.Helper()
	w, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close(guard(t)) })
	return w
}

func finish(t testing.TB, w *Writer) Stats {
	t.Helper()
	if err := w.Close(guard(t)); err != nil {
		t.Fatal(err)
	}
	return w.Stats()
}

func flush(t testing.TB, w *Writer) {
	t.Helper()
	if err := w.Flush(guard(t)); err != nil {
		t.Fatal(err)
	}
}

// until waits for what no event tells.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for ctx := guard(t); !ok(); time.Sleep(time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatalf("it never happened that %s", what)
		}
	}
}

// more waits until so many more lines are written.
func more(t testing.TB, w *Writer, lines uint64) {
	t.Helper()
	target := w.Stats().Lines + lines
	until(t, "more lines are written", func() bool { return w.Stats().Lines >= target })
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
}

func do(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// line is the n-th line of a writing goroutine. Its length varies, and its end tells whether it is whole.
func line(b []byte, who string, n int) []byte {
	b = append(append(b[:0], who...), ' ')
	b = append(strconv.AppendInt(b, int64(n), 10), ' ')
	return append(append(b, filler[:n%len(filler)]...), end...)
}

const end = " end\n"

var filler = strings.Repeat("x", 97)

// parse takes a line apart that line has made; ok is false if it is not whole.
func parse(l string) (who string, n int, ok bool) {
	who, rest, _ := strings.Cut(l, " ")
	number, rest, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(number)
	body, whole := strings.CutSuffix(rest, end)
	return who, n, err == nil && whole && body == filler[:n%len(filler)]
}

// crowd are goroutines that write numbered lines until they are stopped.
type crowd struct {
	names []string
	wrote []int // lines, by name; after stop
	hold  sync.RWMutex
	quit  chan struct{}
	wg    sync.WaitGroup
}

// newCrowd starts n goroutines. If patient, they flush now and then, so that no line need be dropped.
func newCrowd(t testing.TB, w *Writer, prefix string, n int, patient bool) *crowd {
	c := &crowd{quit: make(chan struct{}), wrote: make([]int, n)}
	ctx := guard(t)
	for i := range n {
		name := prefix + strconv.Itoa(i)
		c.names = append(c.names, name)
		c.wg.Go(func() {
			var b []byte
			for seq := 0; ; seq++ {
				select {
				case <-c.quit:
					c.wrote[i] = seq
					return
				default:
				}
				c.hold.RLock()
				b = line(b, name, seq)
				w.Write(b)
				c.hold.RUnlock()
				if patient && seq%20 == 19 {
					if err := w.Flush(ctx); err != nil {
						t.Error(err)
						c.wrote[i] = seq + 1
						return
					}
				}
			}
		})
	}
	return c
}

func (c *crowd) stop() {
	close(c.quit)
	c.wg.Wait()
}

// check reads texts, which are the files from the oldest to the youngest, and wants every line of the crowds in them:
// whole, once, and in order; as many missing as dropped, and as many reported to be.
func check(t *testing.T, texts []string, dropped uint64, crowds ...*crowd) {
	t.Helper()
	next := map[string]int{}
	var missing, reported, lines uint64
	for i, text := range texts {
		if text != "" && !strings.HasSuffix(text, "\n") {
			t.Fatalf("file %d of %d ends within a line: %q", i, len(texts), text[max(0, len(text)-200):])
		}
		for l := range strings.Lines(text) {
			if count, _, is := strings.Cut(l, " lines were dropped: "); is {
				n, err := strconv.Atoi(count)
				do(t, err)
				reported += uint64(n)
				continue
			}
			who, n, ok := parse(l)
			if !ok {
				t.Fatalf("file %d of %d has a torn line: %q", i, len(texts), l)
			}
			if n < next[who] {
				t.Fatalf("file %d of %d: line %d of %s after its line %d", i, len(texts), n, who, next[who]-1)
			}
			missing += uint64(n - next[who])
			next[who] = n + 1
			lines++
		}
	}
	for _, c := range crowds {
		for i, name := range c.names {
			missing += uint64(c.wrote[i] - next[name])
		}
	}
	t.Logf("%d lines in %d files, %d missing, %d dropped", lines, len(texts), missing, dropped)
	if missing != dropped || reported != dropped {
		t.Errorf("%d lines are missing, %d counted as dropped, %d reported in the log", missing, dropped, reported)
	}
}

// held is a file that is read at the end, whatever becomes of its name.
type held struct{ f *os.File }

func hold(path string) (held, bool) {
	f, err := os.Open(path)
	return held{f}, err == nil
}

func (h held) text(t testing.TB) string {
	t.Helper()
	defer h.f.Close()
	b, err := io.ReadAll(h.f)
	do(t, err)
	if bytes.IndexByte(b, 0) >= 0 {
		t.Error("there is a hole in the file")
	}
	return string(b)
}

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
	"sync/atomic"
	"testing"
	"time"
)

// hang is how long a test waits for what must happen; it says nothing about how
// fast it is.
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

// log puts lines into a sink as package outbox does, but at once.
type log struct {
	*testing.T
	*Sink
	mu sync.Mutex
}

// start opens a sink that the test's end closes.
func start(t *testing.T, o Options) *log {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	l := &log{T: t, Sink: s}
	t.Cleanup(l.close)
	return l
}

func (l *log) close() { do(l, l.Sink.Close()) }

// put puts lines once.
func (l *log) put(lines string) (n int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Put(context.Background(), []byte(lines))
}

// write puts lines until all are out, and returns the last error.
func (l *log) write(lines string) (err error) {
	l.Helper()
	for ctx := guard(l); lines != ""; {
		var n int
		n, err = l.put(lines)
		if n == 0 && ctx.Err() != nil {
			l.Fatalf("not written: %.50q, %v", lines, err)
		}
		if n == 0 {
			time.Sleep(time.Millisecond)
		}
		lines = lines[n:]
	}
	return err
}

// must puts lines, which has to succeed.
func (l *log) must(lines string) {
	l.Helper()
	if err := l.write(lines); err != nil {
		l.Error(err)
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

// line is the n-th line of a writing goroutine. Its length varies, and its end
// tells whether it is whole.
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

// crowd are goroutines that write numbered lines, one or a few at once, until
// they are stopped.
type crowd struct {
	names []string
	wrote []int // lines, by name; after stop
	lines atomic.Int64
	quit  chan struct{}
	wg    sync.WaitGroup
}

func newCrowd(l *log, prefix string, n int) *crowd {
	c := &crowd{quit: make(chan struct{}), wrote: make([]int, n)}
	for i := range n {
		name := prefix + strconv.Itoa(i)
		c.names = append(c.names, name)
		c.wg.Go(func() {
			for seq := 0; ; {
				select {
				case <-c.quit:
					c.wrote[i] = seq
					return
				default:
				}
				var lines []byte
				few := 1 + seq%20
				for range few {
					lines = append(lines, line(nil, name, seq)...)
					seq++
				}
				_ = l.write(string(lines))
				c.lines.Add(int64(few))
				time.Sleep(100 * time.Microsecond) // others want the processor, too
			}
		})
	}
	return c
}

// more waits until so many more lines are written.
func (c *crowd) more(t testing.TB, lines int64) {
	t.Helper()
	target := c.lines.Load() + lines
	until(t, "more lines are written", func() bool { return c.lines.Load() >= target })
}

func (c *crowd) stop() {
	close(c.quit)
	c.wg.Wait()
}

// check reads texts, which are the files from the oldest to the youngest, and
// wants every line of the crowds in them: whole, once, and in order.
func check(t *testing.T, texts []string, crowds ...*crowd) {
	t.Helper()
	next := map[string]int{}
	lines := 0
	for i, text := range texts {
		if text != "" && !strings.HasSuffix(text, "\n") {
			t.Fatalf("file %d of %d ends within a line: %q", i, len(texts), text[max(0, len(text)-200):])
		}
		for l := range strings.Lines(text) {
			who, n, ok := parse(l)
			if !ok {
				t.Fatalf("file %d of %d has a torn line: %q", i, len(texts), l)
			}
			if n != next[who] {
				t.Fatalf("file %d of %d: line %d of %s after its line %d", i, len(texts), n, who, next[who]-1)
			}
			next[who] = n + 1
			lines++
		}
	}
	t.Logf("%d lines in %d files", lines, len(texts))
	for _, c := range crowds {
		for i, name := range c.names {
			if c.wrote[i] != next[name] {
				t.Errorf("%s wrote %d lines, %d are there", name, c.wrote[i], next[name])
			}
		}
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

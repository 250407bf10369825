package legion_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/payload"
)

// shelf is a daemon whose functions have Buffers.
type shelf struct {
	d     *legion.Daemon
	turn  *legion.Func[*payload.Buffer, *payload.Buffer] // changes it in place
	fill  *legion.Func[int, *payload.Buffer]
	cards *legion.Func[cards, cards]
	do    *legion.Func[errand, int]
	other *legion.Func[*payload.Buffer, *payload.Buffer] // of another pool
	task  *legion.Func[*payload.Buffer, *payload.Buffer]
}

type cards struct {
	Name  string
	First *payload.Buffer
	Deep  struct {
		N    int
		Last *payload.Buffer
	}
}

type errand struct {
	What string
	Path string
	In   *payload.Buffer
}

func turn(b []byte) {
	for i := range b {
		b[i] ^= 0xff
	}
}

func newShelf(p legion.Pool) *shelf { return newShelfOf(quiet("shelf"), p) }

func newShelfOf(c legion.Config, p legion.Pool) *shelf {
	s := &shelf{d: legion.New(c)}
	p.Sandbox = box()
	w := legion.NewWorkers(s.d, "shelf", func(context.Context) (*struct{}, error) { return &struct{}{}, nil }, p)
	s.turn = legion.Handle(w, "turn", func(_ *struct{}, _ context.Context, in *payload.Buffer) (*payload.Buffer, error) {
		if in != nil {
			turn(in.Bytes())
		}
		return in, nil
	})
	s.fill = legion.Handle(w, "fill", func(_ *struct{}, ctx context.Context, n int) (*payload.Buffer, error) {
		if _, err := payload.NewBuffer(ctx, 1000); err != nil { // not returned
			return nil, err
		}
		b, err := payload.NewBuffer(ctx, n)
		if err != nil {
			return nil, err
		}
		b.Truncate(0)
		for i := range n {
			if _, err := b.Write([]byte{byte(i)}); err != nil {
				return nil, err
			}
		}
		return b, nil
	})
	s.cards = legion.Handle(w, "cards", func(_ *struct{}, ctx context.Context, in cards) (out cards, err error) {
		out.Name, out.Deep.N = strings.ToUpper(in.Name), in.Deep.N+1
		out.Deep.Last = in.First
		if out.First, err = payload.NewBuffer(ctx, 3); err == nil && in.Deep.Last != nil {
			copy(out.First.Bytes(), in.Deep.Last.Bytes())
		}
		return out, err
	})
	s.do = legion.Handle(w, "do", func(_ *struct{}, ctx context.Context, e errand) (int, error) {
		switch e.What {
		case "die":
			turn(e.In.Bytes())
			os.Exit(3)
		case "die once":
			if _, err := os.Stat(e.Path); err != nil {
				_ = os.WriteFile(e.Path, nil, 0o600)
				os.Exit(3)
			}
		case "fail":
			return 0, io.ErrClosedPipe
		case "panic":
			e.In.Release()
			e.In.Bytes()
		case "wait":
			_ = os.WriteFile(e.Path, nil, 0o600)
			<-ctx.Done()
			return 0, ctx.Err()
		}
		if e.In == nil {
			return -1, nil
		}
		return int(e.In.Bytes()[0]), nil
	})
	s.other = legion.Worker(s.d, "other", func(_ context.Context, in *payload.Buffer) (*payload.Buffer, error) {
		return in, nil
	}, legion.Pool{Max: 1, Spawn: legion.Lazy, Transport: p.Transport, Sandbox: box()})
	s.task = legion.Task(s.d, "task", func(ctx context.Context, in *payload.Buffer) (*payload.Buffer, error) {
		out, err := payload.NewBuffer(ctx, in.Len())
		if err == nil {
			copy(out.Bytes(), in.Bytes())
		}
		return out, err
	}, legion.TaskOptions{Transport: p.Transport, Sandbox: box()})
	return s
}

func (s *shelf) start(t testing.TB) *shelf {
	t.Helper()
	legiontest.Start(t, s.d)
	return s
}

// buffer returns a Buffer with text in it.
func (s *shelf) buffer(t testing.TB, text string) *payload.Buffer {
	t.Helper()
	b, err := s.turn.Pool().NewBuffer(len(text))
	if err != nil {
		t.Fatal(err)
	}
	copy(b.Bytes(), text)
	return b
}

func gonePanics(t testing.TB, want string, b *payload.Buffer) {
	t.Helper()
	defer func() {
		t.Helper()
		if text, _ := recover().(string); !strings.Contains(text, want) {
			t.Errorf("panic %q, want %q", text, want)
		}
	}()
	b.Bytes()
}

// Buffers work whatever the way, and without a copy over shared memory.
func TestBuffers(t *testing.T) {
	for name, p := range map[string]legion.Pool{
		"memory": {}, "socket": {Transport: legion.Socket}, "in process": {}, "no arena": {Arena: -1}, "small arena": {Arena: 64 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			legiontest.CheckLeaks(t)
			p.Max = 1
			s := newShelf(p)
			if name == "in process" {
				s.d.InProcess()
			}
			s.start(t)
			shared := name == "memory" && runtime.GOOS == "linux"
			for _, size := range []int{1, 5000, 70_000, 3 << 20} {
				b := s.buffer(t, strings.Repeat("a", size))
				first := unsafe.SliceData(b.Bytes())
				out, err := s.turn.Call(t.Context(), b)
				if err != nil {
					t.Fatal(err)
				}
				gonePanics(t, "given to a call", b)
				if bytes.Count(out.Bytes(), []byte{'a' ^ 0xff}) != size || out.Len() != size {
					t.Errorf("%d bytes came back as %d", size, out.Len())
				}
				if same := first == unsafe.SliceData(out.Bytes()); same != shared && name != "small arena" {
					t.Errorf("%d bytes came back in the same memory: %v", size, same)
				}
				out.Release()
				gonePanics(t, "was released", out)

				if out, err = s.fill.Call(t.Context(), size); err != nil {
					t.Fatal(err)
				}
				for i, c := range out.Bytes() {
					if c != byte(i) {
						t.Fatalf("byte %d is %d", i, c)
					}
				}
				out.Release()
			}

			in := cards{Name: "deck", First: s.buffer(t, "first")}
			in.Deep.N, in.Deep.Last = 6, s.buffer(t, "last")
			out, err := s.cards.Call(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if out.Name != "DECK" || out.Deep.N != 7 || string(out.First.Bytes()) != "las" || string(out.Deep.Last.Bytes()) != "first" {
				t.Errorf("%+v, %q, %q", out, out.First.Bytes(), out.Deep.Last.Bytes())
			}
			out.First.Release()
			out.Deep.Last.Release()
			if out, err := s.turn.Call(t.Context(), nil); out != nil || err != nil {
				t.Errorf("nil: %v, %v", out, err)
			}
			if out, err := s.do.Call(t.Context(), errand{}); out != -1 || err != nil {
				t.Errorf("nil in a struct: %v, %v", out, err)
			}

			// To another pool it travels.
			if out, err := s.other.Call(t.Context(), s.buffer(t, "other")); err != nil || string(out.Bytes()) != "other" {
				t.Error(err)
			} else {
				out.Release()
			}
			// The result of a task outlives its process.
			for range 3 {
				b, err := s.task.Pool().NewBuffer(4)
				if err != nil {
					t.Fatal(err)
				}
				copy(b.Bytes(), "task")
				if b, err = s.task.Call(t.Context(), b); err != nil || string(b.Bytes()) != "task" {
					t.Fatal(err)
				}
				b.Release()
			}
			// A future has one result, however often it is asked.
			fut := s.turn.Go(t.Context(), s.buffer(t, "x"))
			one, err := fut.Result()
			if two, _ := fut.Result(); err != nil || one != two {
				t.Error(one, two, err)
			}
			one.Release()
			if _, err := s.do.Call(t.Context(), errand{What: "fail", In: s.buffer(t, "x")}); err == nil || err.Error() != io.ErrClosedPipe.Error() {
				t.Error(err)
			}
			if _, err := s.do.Call(t.Context(), errand{What: "panic", In: s.buffer(t, "x")}); !errors.Is(err, legion.ErrPanicked) || !strings.Contains(err.Error(), "it was released") {
				t.Error(err)
			}
			if out, err := s.turn.Inline(t.Context(), s.buffer(t, "\x00")); err != nil || out.Bytes()[0] != 0xff {
				t.Error(err)
			} else {
				out.Release()
			}
		})
	}
}

// Many callers at a time: no Buffer is another's, and the memory does not run
// out.
func TestManyBuffers(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newShelf(legion.Pool{Max: 2, Min: 2, Concurrency: 2, Arena: 256 << 10}).start(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 60 {
				size := 1 + (i*7919+n*104729)%40_000
				b := s.buffer(t, strings.Repeat(string(rune('a'+i)), size))
				out, err := s.turn.Call(t.Context(), b)
				if err != nil {
					t.Error(err)
					return
				}
				if bytes.Count(out.Bytes(), []byte{byte('a'+i) ^ 0xff}) != size {
					t.Errorf("caller %d got another's bytes", i)
				}
				out.Release()
				if n%3 == 0 {
					s.buffer(t, "unused").Release()
				}
				if out, err = s.fill.Call(t.Context(), size); err != nil || out.Bytes()[size-1] != byte(size-1) {
					t.Errorf("caller %d: %v", i, err)
					return
				}
				out.Release()
			}
		})
	}
	all.Wait()
	if n := len(s.turn.Pool().Stats().LastDeath); n != 0 {
		t.Errorf("%d workers died", n)
	}
}

// Tests find who uses bytes of a Buffer that is gone, wherever they were.
func TestReleasedBuffersAreSpoiled(t *testing.T) {
	for name, p := range map[string]legion.Pool{"memory": {}, "socket": {Transport: legion.Socket}, "in process": {}} {
		t.Run(name, func(t *testing.T) {
			p.Max = 1
			s := newShelf(p)
			if name == "in process" {
				s.d.InProcess()
			}
			s.start(t)
			spoiled := func(what string, kept []byte) {
				t.Helper()
				if bytes.Count(kept, []byte{0xdb}) != len(kept) {
					t.Errorf("%s: %q", what, kept)
				}
			}
			b := s.buffer(t, "kept")
			kept := b.Bytes()
			b.Release()
			spoiled("released", kept)

			out, err := s.fill.Call(t.Context(), 100)
			if err != nil {
				t.Fatal(err)
			}
			kept = out.Bytes()
			out.Release()
			spoiled("the result, released", kept)

			b = s.buffer(t, "kept")
			kept = b.Bytes()
			if _, err := s.do.Call(t.Context(), errand{What: "", In: b}); err != nil {
				t.Fatal(err)
			}
			spoiled("given to a call", kept)
		})
	}
}

// A Buffer that nobody releases is found, released, and told once.
func TestForgottenBuffers(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // ordinary memory needs no release
	}
	var mu sync.Mutex
	var logged bytes.Buffer
	c := quiet("shelf")
	c.Logger = slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return logged.Write(p)
	}), nil))
	s := newShelfOf(c, legion.Pool{Max: 1, Arena: 64 << 10}).start(t)
	s.buffer(t, strings.Repeat("x", 40_000))
	if out, err := s.fill.Call(t.Context(), 50_000); err != nil || out.Len() != 50_000 {
		t.Fatal(err)
	}
	told := func(text string) int {
		mu.Lock()
		defer mu.Unlock()
		return strings.Count(logged.String(), text)
	}
	await(t, func() bool {
		runtime.GC()
		return told("bytes=40000") > 0 && told("bytes=50000") > 0
	})
	if told("never released") != 2 {
		t.Errorf("%s", logged.String())
	}
	await(t, func() bool { // the memory can be used again, in the worker, too
		b := s.buffer(t, strings.Repeat("x", 60_000))
		first := unsafe.SliceData(b.Bytes())
		out, err := s.turn.Call(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		defer out.Release()
		return unsafe.SliceData(out.Bytes()) == first
	})
}

// writer is a function as an io.Writer.
type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// Where a Buffer cannot travel, the declaration says so.
func TestRefusedBuffers(t *testing.T) {
	for want, declare := range map[string]func(d *legion.Daemon){
		"its argument: codec: cannot carry []*payload.Buffer[i]: it is, or holds, a *payload.Buffer": func(d *legion.Daemon) {
			legion.Worker(d, "f", func(context.Context, []*payload.Buffer) (int, error) { return 0, nil }, legion.Pool{})
		},
		"its result: codec: cannot carry map": func(d *legion.Daemon) {
			legion.Worker(d, "f", func(context.Context, int) (map[string]cards, error) { return nil, nil }, legion.Pool{})
		},
		"a *payload.Buffer cannot be part of a stream": func(d *legion.Daemon) {
			legion.StreamWorker(d, "f", func(context.Context, int) iter.Seq2[*payload.Buffer, error] { return nil }, legion.Pool{})
		},
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, want) {
					t.Errorf("panic %q, want %q", text, want)
				}
			}()
			declare(legion.New(quiet("refused")))
		}()
	}
}

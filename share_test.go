package legion_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// readers is a daemon whose workers read two shared values.
type readers struct {
	d            *legion.Daemon
	words, index *legion.Shared
	read         *legion.Func[string, string]
}

// reader is a worker's view of them.
type reader struct {
	r     *readers
	setup string // the words that its setup saw
}

// newReaders declares them. In the daemon words loads one of the values, and
// index the other one; workers never call them.
func newReaders(p legion.Pool, words func(context.Context) ([]byte, error), index func(context.Context, io.Writer) error) *readers {
	r := &readers{d: legion.New(quiet("readers"))}
	r.words = legion.Share(r.d, "words", words)
	r.index = legion.Share(r.d, "index", index)
	w := legion.NewWorkers(r.d, "readers", func(context.Context) (*reader, error) {
		return &reader{r, string(r.words.Bytes())}, nil
	}, p)
	r.read = legion.Handle(w, "read", (*reader).read)
	return r
}

func (r *reader) read(_ context.Context, what string) (string, error) {
	switch what {
	case "words":
		return string(r.r.words.Bytes()), nil
	case "setup":
		return r.setup, nil
	case "index":
		return string(r.r.index.Bytes()), nil
	case "pid":
		return fmt.Sprint(os.Getpid()), nil
	case "sum":
		sum := 0
		for _, b := range r.r.index.Bytes() {
			sum += int(b)
		}
		return fmt.Sprintf("%d of %d", sum, os.Getpid()), nil
	case "write":
		r.r.words.Bytes()[0] = 'X'
		return "it has been written to", nil
	}
	return "", errors.New("what?")
}

// call calls read, which must succeed.
func (r *readers) call(t *testing.T, what string) string {
	t.Helper()
	out, err := r.read.Call(t.Context(), what)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return out
}

// these load constant values.
func words(text string) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return []byte(text), nil }
}

func index(context.Context, io.Writer) error { return nil }

// Workers have the value in their setup and in their functions, the daemon has
// it after Start. A reload gives new workers the new value; a slice of the old
// one stays as it was.
func TestShare(t *testing.T) {
	legiontest.CheckLeaks(t)
	loads := 0
	r := newReaders(legion.Pool{Min: 2, Max: 2}, func(context.Context) ([]byte, error) {
		loads++
		return []byte(fmt.Sprint("words ", loads)), nil
	}, func(_ context.Context, w io.Writer) error {
		for i := range 3 {
			if _, err := fmt.Fprint(w, i, ";"); err != nil {
				return err
			}
		}
		return nil
	})
	before := time.Now()
	legiontest.Start(t, r.d)
	for what, want := range map[string]string{"words": "words 1", "setup": "words 1", "index": "0;1;2;"} {
		if got := r.call(t, what); got != want {
			t.Errorf("%s: a worker sees %q", what, got)
		}
	}
	old := r.words.Bytes()
	if string(old) != "words 1" || cap(old) != len(old) {
		t.Errorf("the daemon sees %q, with room for %d", old, cap(old))
	}

	pid := r.call(t, "pid")
	if err := r.d.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]string{"words": "words 2", "setup": "words 2", "index": "0;1;2;"} {
		if got := r.call(t, what); got != want {
			t.Errorf("%s: after a reload a worker sees %q", what, got)
		}
	}
	if r.call(t, "pid") == pid {
		t.Error("the worker is the old one")
	}
	if string(old) != "words 1" || string(r.words.Bytes()) != "words 2" {
		t.Errorf("after a reload the daemon sees %q, before it %q", r.words.Bytes(), old)
	}
	s := r.d.Stats().Shared
	if len(s) != 2 || s[0].Name != "words" || s[0].Bytes != 7 || s[0].Kept != 7 || s[0].Loaded.Before(before) || s[1].Name != "index" || s[1].Bytes != 6 || s[1].Kept != 0 {
		t.Errorf("the statistics say %+v", s)
	}
}

// If a load fails, the reload does, and workers and values stay.
func TestShareFailsToReload(t *testing.T) {
	legiontest.CheckLeaks(t)
	broken := errors.New("the disk is broken")
	loads := 0
	r := newReaders(legion.Pool{Max: 1}, func(context.Context) ([]byte, error) {
		loads++
		return []byte(fmt.Sprint("words ", loads)), nil
	}, func(context.Context, io.Writer) error {
		if loads > 1 {
			return broken
		}
		return nil
	})
	legiontest.Start(t, r.d)
	pid, before := r.call(t, "pid"), r.d.Stats().Shared
	err := r.d.Reload(t.Context())
	if !errors.Is(err, broken) || !strings.Contains(fmt.Sprint(err), "Share index") || !strings.Contains(fmt.Sprint(err), "not replaced") {
		t.Errorf("the reload says %v", err)
	}
	if now := r.call(t, "pid"); now != pid || r.call(t, "words") != "words 1" || string(r.words.Bytes()) != "words 1" {
		t.Errorf("worker %s has become %s, and sees %q", pid, now, r.call(t, "words"))
	}
	if after := r.d.Stats().Shared; after[0] != before[0] {
		t.Errorf("%+v has become %+v", before, after)
	}
}

// A write is the end of the worker, and of nothing else.
func TestShareIsReadOnly(t *testing.T) {
	legiontest.CheckLeaks(t)
	r := newReaders(legion.Pool{Min: 2, Max: 2}, words("words"), index)
	legiontest.Start(t, r.d)
	for range 3 {
		_, err := r.read.Call(t.Context(), "write")
		var e *legion.WorkerError
		if !errors.Is(err, legion.ErrCrashed) || !errors.As(err, &e) || !strings.Contains(e.Stack, "(*reader).read") {
			t.Errorf("it was written to: %v", err)
		}
		if got := r.call(t, "words"); got != "words" {
			t.Errorf("other workers see %q", got)
		}
	}
}

// In the process there is one value, too.
func TestShareInProcess(t *testing.T) {
	legiontest.CheckLeaks(t)
	r := newReaders(legion.Pool{Max: 2}, words("words"), index)
	r.d.InProcess()
	legiontest.Start(t, r.d)
	if r.call(t, "setup") != "words" || r.call(t, "words") != "words" || r.call(t, "index") != "" {
		t.Error("workers see something else")
	}
}

// A load that fails, panics, or does not return in time fails the start.
func TestShareFailsToStart(t *testing.T) {
	legiontest.CheckLeaks(t)
	broken := errors.New("the disk is broken")
	ctx, giveUp := context.WithCancel(t.Context())
	goOn, late := make(chan struct{}), make(chan error, 1)
	for _, c := range []struct {
		load func(context.Context, io.Writer) error
		want string
	}{
		{func(context.Context, io.Writer) error { return broken }, "the disk is broken"},
		{func(context.Context, io.Writer) error { panic("oh no") }, "panic: oh no"},
		{func(_ context.Context, w io.Writer) error {
			giveUp()
			<-goOn
			_, err := w.Write([]byte("late"))
			late <- err
			return nil
		}, "loading it did not end in time: context canceled"},
	} {
		want := "legion: starting readers: Share index: " + c.want
		if err := newReaders(legion.Pool{}, words("words"), c.load).d.Start(ctx); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the start says %v, want %s", err, want)
		}
	}
	close(goOn)
	if err := <-late; err == nil {
		t.Error("a load that is too late could write")
	}
}

// Mistakes in a declaration panic, and so does a read before there is a value.
func TestShareDeclarations(t *testing.T) {
	panics := func(want string, fn func()) {
		t.Helper()
		defer func() {
			t.Helper()
			if v := fmt.Sprint(recover()); !strings.Contains(v, want) {
				t.Errorf("got %s, want %s", v, want)
			}
		}()
		fn()
	}
	r := newReaders(legion.Pool{}, words("words"), index)
	panics(`Share "words": the name is taken`, func() { legion.Share(r.d, "words", words("")) })
	panics(`Share "nil": the function is nil`, func() { legion.Share[func(context.Context) ([]byte, error)](r.d, "nil", nil) })
	panics(`Share "nil": the function is nil`, func() { legion.Share[func(context.Context, io.Writer) error](r.d, "nil", nil) })
	panics(`Share "a b": `, func() { legion.Share(r.d, "a b", words("")) })
	panics(`Share "words": Bytes before Start has loaded it`, func() { r.words.Bytes() })
	legiontest.Start(t, r.d)
	panics("Share more: daemon readers has been started", func() { legion.Share(r.d, "more", words("")) })
}

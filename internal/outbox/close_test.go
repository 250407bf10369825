package outbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestClose(t *testing.T) {
	p := &pen{failed: errors.New("it does not close")}
	run(t, Options{Batch: 100}, p, func(t *testing.T, w *Writer) {
		var want []string
		for i := range 1000 {
			want = append(want, fmt.Sprint(i))
		}
		write(w, want...)
		for range 2 {
			if err := w.Close(context.Background()); !errors.Is(err, p.failed) {
				t.Errorf("Close: %v", err)
			}
		}
		write(w, "late")
		w.Nudge()
		wants(t, p, want...)
		counts(t, w, 1000, 1, 0)
	})
}

// What is refused while the writer closes is told, too.
func TestCloseTellsOfRefused(t *testing.T) {
	p := &pen{}
	p.put = func(_ context.Context, records []byte) (int, error) {
		<-p.gate
		if string(records) == "no\n" {
			return 0, &Refused{errors.New("it is bad")}
		}
		return p.take(records), nil
	}
	run(t, Options{Batch: 1}, p, func(t *testing.T, w *Writer) {
		write(w, "1", "no")
		closed := make(chan error)
		go func() { closed <- w.Close(context.Background()) }()
		synctest.Wait()
		close(p.gate)
		if err := <-closed; err != nil {
			t.Error(err)
		}
		wants(t, p, "1", report(1, "it is bad"))
	})
}

// What was dropped before Close is told, if only then.
func TestCloseTellsOfDrops(t *testing.T) {
	p := &pen{}
	p.put = func(_ context.Context, records []byte) (int, error) {
		<-p.gate
		return p.take(records), nil
	}
	run(t, Options{Buffer: 20}, p, func(t *testing.T, w *Writer) {
		write(w, "1")
		synctest.Wait()
		write(w, "too long for the buffer")
		closed := make(chan error)
		go func() { closed <- w.Close(context.Background()) }()
		synctest.Wait()
		write(w, "late")
		close(p.gate)
		if err := <-closed; err != nil {
			t.Error(err)
		}
		wants(t, p, "1", report(1, ErrOverflow.Error()))
		counts(t, w, 1, 2, 0)
	})
}

// A sink that fails when only drops are left to be told holds up no Close.
func TestCloseCannotTell(t *testing.T) {
	p := &pen{why: errors.New("no paper")}
	run(t, Options{Buffer: 20}, p, func(t *testing.T, w *Writer) {
		write(w, "too long for the buffer")
		synctest.Wait()
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
		counts(t, w, 0, 1, 0)
	})
}

// Close gives up with its context, whatever the sink does, and says how much is
// lost, and why.
func TestCloseGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		put  func(ctx context.Context) error
		took time.Duration
	}{
		"failing":              {func(context.Context) error { return errors.New("no paper") }, 0},
		"waiting":              {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 0},
		"hanging":              {func(context.Context) error { time.Sleep(time.Hour); return nil }, lastPatience},
		"hanging, then taking": {func(context.Context) error { time.Sleep(lastPatience / 2); return nil }, lastPatience/2 - time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			p := &pen{}
			p.put = func(ctx context.Context, records []byte) (int, error) {
				if err := c.put(ctx); err != nil {
					return 0, err
				}
				return p.take(records), nil
			}
			run(t, Options{}, p, func(t *testing.T, w *Writer) {
				write(w, "1", "2")
				synctest.Wait()
				ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
				defer cancel()
				err := w.Close(ctx)
				if took := time.Since(p.begun) - time.Millisecond; took != c.took {
					t.Errorf("it took %v, want %v", took, c.took)
				}
				if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "2 records") ||
					name == "failing" && !strings.Contains(err.Error(), "no paper") {
					t.Errorf("Close: %v", err)
				}
				if again := w.Close(context.Background()); again == nil || again.Error() != err.Error() {
					t.Errorf("Close again: %v, before: %v", again, err)
				}
				write(w, "late")
				counts(t, w, 0, 3, 0)
			})
		})
	}
}

package outbox

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pen is a sink whose records are lines, and that fails at will.
type pen struct {
	put  func(ctx context.Context, records []byte) (int, error) // instead of taking all
	gate chan struct{}                                          // for put to wait on

	mu     sync.Mutex
	why    error // nothing is taken; see fail
	text   bytes.Buffer
	puts   []time.Duration // since begun
	begun  time.Time
	closed bool
	failed error // of Close
}

func (p *pen) Put(ctx context.Context, records []byte) (int, error) {
	p.mu.Lock()
	p.puts = append(p.puts, time.Since(p.begun))
	why := p.why
	p.mu.Unlock()
	switch {
	case why != nil:
		return 0, why
	case p.put != nil:
		return p.put(ctx, records)
	}
	return p.take(records), nil
}

// fail has the sink take nothing from now on, or, with nil, take again.
func (p *pen) fail(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.why = why
}

func (p *pen) take(records []byte) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, _ := p.text.Write(records)
	return n
}

func (p *pen) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	return p.failed
}

func (p *pen) written() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func (p *pen) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.puts)
}

// run runs a test in virtual time, with a writer in front of a pen that the
// test's end closes.
func run(t *testing.T, o Options, p *pen, test func(t *testing.T, w *Writer)) {
	synctest.Test(t, func(t *testing.T) {
		p.begun, p.gate = time.Now(), make(chan struct{})
		w := New(p, o)
		defer func() {
			_ = w.Close(gone())
			<-w.done
			if !p.closed {
				t.Error("the sink is not closed")
			}
		}()
		test(t, w)
	})
}

// gone is a context that has ended.
func gone() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func write(w *Writer, lines ...string) {
	for _, l := range lines {
		_, _ = w.Write([]byte(l + "\n"))
	}
}

// wants checks what the pen has written, once nothing happens any more.
func wants(t *testing.T, p *pen, lines ...string) {
	t.Helper()
	synctest.Wait()
	want := strings.Join(append(lines, ""), "\n")
	if got := p.written(); got != want {
		t.Errorf("written: %q, want %q", got, want)
	}
}

func counts(t *testing.T, w *Writer, written, dropped, waiting uint64) {
	t.Helper()
	synctest.Wait()
	if s := w.Stats(); s.Written != written || s.Dropped != dropped || s.Waiting != waiting {
		t.Errorf("%+v, want %d written, %d dropped, %d waiting", s, written, dropped, waiting)
	}
}

func report(n int, why string) string { return fmt.Sprintf("%d records were dropped: %s", n, why) }

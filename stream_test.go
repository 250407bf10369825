package legion_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/internal/worker"
	"github.com/legion-go/legion/legiontest"
)

// flow is a daemon whose functions stream.
type flow struct {
	d     *legion.Daemon
	count *legion.Stream[int, int]
	flood *legion.Stream[int, []byte]
	// large gives elements of 1 MiB and counts in sent; in process that can be
	// seen.
	large *legion.Stream[int, []byte]
	sent  atomic.Int64
}

func newFlow(p legion.Pool) *flow {
	f := &flow{d: legion.New(quiet("flow"))}
	p.Sandbox = box()
	f.count = legion.StreamWorker(f.d, "count", count, p)
	f.flood = legion.StreamWorker(f.d, "flood", floodItems, p)
	f.large = legion.StreamWorker(f.d, "large", func(_ context.Context, n int) iter.Seq2[[]byte, error] {
		return func(yield func([]byte, error) bool) {
			b := make([]byte, 1<<20)
			for range n {
				f.sent.Add(1)
				if !yield(b, nil) {
					return
				}
			}
		}
	}, p)
	return f
}

// The end of its context, or of its time, is the end of a stream, also when
// elements are there to be taken; and the worker need not wait for the loop.
func TestStreamEndsWithItsContext(t *testing.T) {
	legiontest.CheckLeaks(t)
	f := newFlow(legion.Pool{Max: 1, Timeout: time.Minute})
	hasty := legion.StreamWorker(f.d, "hasty", count, legion.Pool{Max: 1, Timeout: 50 * time.Millisecond})
	f.d.InProcess()
	legiontest.Start(t, f.d)
	for _, c := range []struct {
		name   string
		stream *legion.Stream[int, int]
		n      int // below 32: the function ends; above: it waits for the loop
		cancel bool
		want   []error
	}{
		{"the function has ended", f.count, 20, true, []error{legion.ErrCanceled, context.Canceled}},
		{"the function waits", f.count, 1 << 40, true, []error{legion.ErrCanceled, context.Canceled}},
		{"the pool's timeout", hasty, 1 << 40, false, []error{legion.ErrTimeout}},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		before := ended(c.stream)
		n := 0
		var last error
		for _, err := range c.stream.All(ctx, c.n) {
			if last = err; err != nil {
				break
			}
			n++
			if c.cancel && c.n > 32 {
				cancel()
			}
			await(t, func() bool { return ended(c.stream) > before }) // though the loop does not go on
			cancel()
		}
		if n != 1 {
			t.Errorf("%s: %d elements came", c.name, n)
		}
		for _, want := range c.want {
			if !errors.Is(last, want) {
				t.Errorf("%s: %v, want %v", c.name, last, want)
			}
		}
		cancel()
	}
}

// ended is how many calls of a stream have ended in one of the ways of that
// test.
func ended(s *legion.Stream[int, int]) uint64 {
	st := s.Pool().Stats()
	return st.OK + st.TimedOut + st.Canceled
}

// A loop that leaves with its last element, or whose context ends then, has had
// everything.
func TestStreamThatWasTakenWhole(t *testing.T) {
	f := newFlow(legion.Pool{Max: 1})
	f.d.InProcess()
	legiontest.Start(t, f.d)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range f.count.All(ctx, 20) {
		if n++; n == 20 {
			await(t, func() bool { return f.count.Pool().Stats().OK == 1 })
			cancel()
		}
		if err != nil {
			t.Error(err)
		}
	}
	if n != 20 {
		t.Errorf("%d elements of 20", n)
	}
}

// What a stream may hold is bounded in bytes, too.
func TestStreamIsBoundedInBytes(t *testing.T) {
	legiontest.CheckLeaks(t)
	f := newFlow(legion.Pool{Max: 1})
	f.d.InProcess()
	legiontest.Start(t, f.d)
	// 4 MiB and one element under way, one in the hands of the loop, one in those
	// of the function; and half a window that was taken and not told of.
	const all, bound = 30, wire.StreamBytes>>20 + 3
	taken, most := int64(0), int64(0)
	for b, err := range f.large.All(t.Context(), all) {
		if err != nil || len(b) != 1<<20 {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		taken++
		await(t, func() bool { return f.sent.Load() >= min(all, taken+wire.StreamBytes>>20/2) }) // it does run ahead
		most = max(most, f.sent.Load()-taken)
	}
	if taken != all || most > bound {
		t.Errorf("%d elements of %d; the worker was %d ahead, want %d at most", taken, all, most, bound)
	}
}

// A worker that sends more than it may is killed, before that has cost much.
func TestStreamThatFloods(t *testing.T) {
	legiontest.CheckLeaks(t)
	f := newFlow(legion.Pool{Max: 1, Transport: legion.Socket})
	legiontest.Start(t, f.d)
	for size, most := range map[int]int{0: wire.StreamItems, 200 << 10: wire.StreamBytes/(200<<10) + 1} {
		killed := f.flood.Pool().Stats().Corrupt
		n := 0
		var last error
		for _, err := range f.flood.All(t.Context(), size) {
			if last = err; err != nil {
				break
			}
			if n++; n == 1 {
				await(t, func() bool { return f.flood.Pool().Stats().Corrupt > killed })
			}
		}
		if n > most || !errors.Is(last, legion.ErrCrashed) || !strings.Contains(fmt.Sprint(last), "window") {
			t.Errorf("elements of %d bytes: %d were kept, want %d at most; then %v", size, n, most, last)
		}
	}
}

// replaceFD makes new another descriptor for what old is one for.
var replaceFD func(old, new int) error

// deafen keeps this worker from reading what its daemon sends, and returns
// where to write to that.
func deafen(fd int) int {
	was, err := syscall.Dup(fd)
	if err != nil {
		panic(err)
	}
	other, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		panic(err)
	}
	if err := replaceFD(other[0], fd); err != nil {
		panic(err)
	}
	return was
}

// floodItems writes elements to the socket of its worker, without end and
// without asking. If size is negative it gives the loop time, and listens to
// nothing.
func floodItems(ctx context.Context, size int) iter.Seq2[[]byte, error] {
	fd, deaf := linkSocket(), size < 0
	if deaf {
		fd, size = deafen(fd), 0
	}
	b := binary.LittleEndian.AppendUint32(nil, uint32(size))
	b = binary.LittleEndian.AppendUint64(b, wire.Header{Kind: wire.Item, Call: worker.Call(ctx)}.Word())
	b = append(b, make([]byte, size)...)
	for sent, k := 0, 1; ; k++ {
		if deaf && k%8 == 0 {
			time.Sleep(time.Millisecond)
		}
		n, err := syscall.Write(fd, b[sent:])
		switch {
		case err == syscall.EAGAIN || err == syscall.EINTR:
			time.Sleep(time.Millisecond)
		case err != nil:
			os.Exit(1) // the daemon has gone
		default:
			sent = (sent + n) % len(b)
		}
	}
}

// linkSocket finds the socket over which this worker talks with its daemon.
func linkSocket() int {
	for fd := range 64 {
		if _, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_TYPE); err == nil {
			return fd
		}
	}
	panic("this worker has no socket")
}

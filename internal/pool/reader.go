package pool

import (
	"context"
	"fmt"
	"sync"

	"github.com/legion-go/legion/internal/wire"
)

// Reader reads the elements of a call whose result is a stream. Only one
// goroutine may use it.
type Reader struct {
	pool *Pool
	call *Call
	left int // see Left

	mu      sync.Mutex
	items   [][]byte
	taken   wire.Taken    // what the loop took since the worker was last told
	telling bool          // the worker is being told
	ahead   wire.Window   // items, and taken
	more    chan struct{} // signals a new element
	over    chan struct{} // signals the end of the call
}

// Read submits a call and returns the reader of its elements. ended is called
// at the end of the call. The end of ctx cancels the call at once, and not only
// when the loop asks for the next element: that may take long, and other
// callers can use the worker.
func (p *Pool) Read(ctx context.Context, c *Call, ended func(*Call)) *Reader {
	r := &Reader{pool: p, call: c, more: make(chan struct{}, 1), over: make(chan struct{})}
	c.Stream = r.take
	p.Go(ctx, c, func(c *Call) {
		ended(c)
		close(r.over)
	})
	return r
}

// take gets an element from the link's receiver. If it exceeds the window, the
// worker lies.
func (r *Reader) take(item []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ahead.Full() {
		return fmt.Errorf("an element of a stream beyond its window of %d elements and %d bytes", wire.StreamItems, wire.StreamBytes)
	}
	r.ahead.Add(len(item))
	r.items = append(r.items, item)
	select {
	case r.more <- struct{}{}:
	default:
	}
	return nil
}

// Next returns the next element. ok is false at the end of the call, which then
// has its outcome. A call that was cut short has no next element, even if some
// elements came.
func (r *Reader) Next(ctx context.Context) (item []byte, ok bool) {
	for {
		if ctx.Err() != nil {
			<-r.over // it was cancelled
		}
		over := r.ended() // after the end, all of its elements are here
		if over && (ctx.Err() != nil || r.call.Kind.CutShort()) {
			r.left = r.drop()
			return nil, false
		}
		if item, ok := r.first(); ok {
			r.grant()
			return item, true
		}
		if over {
			r.left = -1
			return nil, false
		}
		select {
		case <-r.more:
		case <-r.over:
		case <-ctx.Done():
		}
	}
}

// Left returns, after the end, how many elements came but were not returned
// because the call was cut short; -1 if it was not.
func (r *Reader) Left() int { return r.left }

// CutShort reports whether the daemon ended a call, not its worker.
func (k Kind) CutShort() bool { return k == Timeout || k == Canceled || k == Stopped }

func (r *Reader) ended() bool {
	select {
	case <-r.over:
		return true
	default:
		return false
	}
}

// first takes the first element from the buffer.
func (r *Reader) first() (item []byte, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.items) == 0 {
		return nil, false
	}
	item, r.items[0] = r.items[0], nil
	r.items = r.items[1:]
	r.taken.Items++
	r.taken.Bytes += uint64(len(item))
	return item, true
}

// drop discards the buffered elements, and returns how many.
func (r *Reader) drop() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.items)
	r.items = nil
	return n
}

// grant lets the worker go on when the loop took half of the window. While the
// worker does not read the last grant, it gets no other.
func (r *Reader) grant() {
	r.mu.Lock()
	taken := r.taken
	if r.telling || !taken.Worth() {
		r.mu.Unlock()
		return
	}
	r.telling, r.taken = true, wire.Taken{}
	r.ahead.Take(taken) // first: the worker is quick
	r.mu.Unlock()
	r.pool.Grant(r.call, taken, func() {
		r.mu.Lock()
		r.telling = false
		r.mu.Unlock()
		r.grant() // for elements taken meanwhile
	})
}

// Close ends the call, if it has not ended, and waits for that.
func (r *Reader) Close() {
	if !r.ended() {
		r.pool.Cancel(r.call, context.Canceled)
		<-r.over
	}
}

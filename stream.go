package legion

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/internal/worker"
)

// Stream is a function in worker processes whose result is a sequence.
type Stream[In, Out any] struct {
	endpoint[In, Out]
	fn func(context.Context, In) iter.Seq2[Out, error]
}

// StreamWorker declares fn as a function that runs in worker processes and whose
// result is read element by element with All. An element with an error is the
// last one. Pool.Timeout bounds the whole sequence: leave it at 0 for one that has
// no natural end, and bound the context of All where one use of it needs that.
func StreamWorker[In, Out any](d *Daemon, name string, fn func(context.Context, In) iter.Seq2[Out, error], opts Pool) *Stream[In, Out] {
	mustFunc(fmt.Sprintf("stream worker %q", name), fn == nil)
	p := d.declare("stream worker", name, opts, false)
	e := newEndpoint[In, Out](p, "stream worker", name)
	p.funcs = append(p.funcs, worker.Func{
		Name: name, Hash: e.hash(), Raw: e.bytesIn,
		Stream: func(ctx context.Context, _ any, arg []byte, emit func([]byte) error) error {
			in, err := e.decodeIn(arg)
			if err != nil {
				return err
			}
			var buf []byte
			for out, err := range fn(ctx, in) {
				if err != nil {
					return err
				}
				if buf, err = e.out.Append(buf[:0], &out); err != nil {
					return &worker.RefusedError{Err: fmt.Errorf("an element cannot travel: %w", err)}
				}
				if err := emit(buf); err != nil {
					return err
				}
			}
			return nil
		},
	})
	return offerStream(&Stream[In, Out]{endpoint: e, fn: fn})
}

// Name returns the name of the function.
func (s *Stream[In, Out]) Name() string { return s.name }

// Pool returns the control of the function's pool.
func (s *Stream[In, Out]) Pool() *Supervisor { return &Supervisor{s.p} }

// All runs the function in a worker and gives its elements as they come. An
// error, the last pair of the sequence, is of the kinds that Call returns. The
// sequence may be used again; each use is a call.
//
// Leaving the loop early cancels the call. So does the end of ctx, and
// Pool.Timeout, which counts for the whole sequence: then the error comes next,
// in the place of elements that wait to be taken.
//
// The worker is ahead of the loop by at most 32 elements, and by 4 MiB and one
// element: so much a call may hold in the daemon, whatever its worker does.
func (s *Stream[In, Out]) All(ctx context.Context, in In) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		var none Out
		r, err := s.open(ctx, in)
		if err != nil {
			yield(none, err)
			return
		}
		defer r.close()
		for {
			item, err := r.next(ctx)
			if errors.Is(err, errEnd) {
				return
			}
			out := none
			if err == nil {
				out, err = s.decode(item)
			}
			if !yield(out, err) || err != nil {
				return
			}
		}
	}
}

// errEnd is the good end of a stream.
var errEnd = errors.New("end of stream")

// reader is one call of a Stream, in the daemon.
type reader struct {
	pool *pool.Pool
	call *call
	end  func(cause error, left int) error // after the call, of which so many elements were not taken

	mu      sync.Mutex
	items   [][]byte
	taken   wire.Taken    // what the loop has taken since the worker was last told
	telling bool          // the worker is being told
	ahead   wire.Window   // items, and taken
	more    chan struct{} // an element has come
	over    chan struct{} // the call has ended
}

func (s *Stream[In, Out]) open(ctx context.Context, in In) (*reader, error) {
	c := &call{Call: pool.NewCall()}
	err := s.encodeIn(c, in)
	encoded := err == nil
	var p *pool.Pool
	if err == nil {
		p, err = s.p.pool()
	}
	if err == nil && ctx.Err() != nil {
		err = s.ended(ctx.Err(), beforeCall)
	}
	if err != nil {
		s.tellEnd(c.Call, encoded, err)
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		c.Limit = max(time.Until(deadline), 1)
	}
	r := &reader{pool: p, call: c, more: make(chan struct{}, 1), over: make(chan struct{})}
	r.end = func(cause error, left int) error {
		switch {
		case cause != nil && left > 0 && !cutShort(c.Kind):
			return s.ended(cause, "the caller's context has ended before the loop had taken all elements")
		case c.Kind == pool.OK:
			return errEnd
		}
		return failure(s.p.name, s.name, c.Call, cause)
	}
	c.Stream = r.take
	// Not only when the loop comes for the next element: that may take long, and
	// the worker is of use to others.
	unwatch := context.AfterFunc(ctx, func() { p.Cancel(c.Call, ctx.Err()) })
	c.OnEnd = func(ended *pool.Call) {
		unwatch()
		if s.p.opts.OnEnd != nil {
			var err error
			if ended.Kind != pool.OK {
				err = failure(s.p.name, s.name, ended, ctx.Err())
			}
			s.tellEnd(ended, true, err)
		}
		close(r.over)
	}
	p.Submit(c.Call)
	return r, nil
}

// tellEnd has the pool's OnEnd told of the end of a stream, on the loop. encoded
// says that its argument could travel.
func (s *Stream[In, Out]) tellEnd(c *pool.Call, encoded bool, err error) {
	if s.p.opts.OnEnd == nil {
		return
	}
	end := CallEnd{CallInfo: refused(s.p.name, s.name, err), Err: err}
	if p := s.p.running.Load(); p != nil && c.Number() != 0 {
		end.CallInfo = callInfo(s.p.name, p.Info(c))
	}
	if encoded {
		end.Arg = s.argument(c.Payload)
	}
	s.p.d.callback(func() { s.p.hook(end, true) })
}

// cutShort reports whether it was the daemon that ended a call, not its worker.
func cutShort(k pool.Kind) bool {
	return k == pool.Timeout || k == pool.Canceled || k == pool.Stopped
}

// take gets an element from the link's receiver. One that has no place in the
// window is of a worker that lies.
func (r *reader) take(item []byte) error {
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

// next returns the next element, errEnd, or why there is none. A call that was
// cut short has no next element, though some may be there.
func (r *reader) next(ctx context.Context) ([]byte, error) {
	for {
		if ctx.Err() != nil {
			<-r.over // it was cancelled
		}
		over := r.ended() // and then, all of its elements are there
		if over && (ctx.Err() != nil || cutShort(r.call.Kind)) {
			return nil, r.end(ctx.Err(), r.drop())
		}
		if item, ok := r.first(); ok {
			r.grant()
			return item, nil
		}
		if over {
			return nil, r.end(nil, 0)
		}
		select {
		case <-r.more:
		case <-r.over:
		case <-ctx.Done():
		}
	}
}

func (r *reader) ended() bool {
	select {
	case <-r.over:
		return true
	default:
		return false
	}
}

// first takes the first of the elements that are there.
func (r *reader) first() (item []byte, ok bool) {
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

// drop forgets the elements that are there, and returns how many.
func (r *reader) drop() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.items)
	r.items = nil
	return n
}

// grant lets the worker go on when the loop has taken half of what may be under
// way. A worker that does not take that in is not told more.
func (r *reader) grant() {
	r.mu.Lock()
	taken := r.taken
	if r.telling || !taken.Worth() {
		r.mu.Unlock()
		return
	}
	r.telling, r.taken = true, wire.Taken{}
	r.ahead.Take(taken) // first: the worker is quick
	r.mu.Unlock()
	r.pool.Grant(r.call.Call, taken, func() {
		r.mu.Lock()
		r.telling = false
		r.mu.Unlock()
		r.grant() // for what was taken meanwhile
	})
}

// close ends the call, if it has not ended, and waits for that.
func (r *reader) close() {
	if !r.ended() {
		r.pool.Cancel(r.call.Call, context.Canceled)
		<-r.over
	}
}

package legion

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/worker"
)

// Stream is a function in worker processes whose result is a sequence.
type Stream[In, Out any] struct {
	endpoint[In, Out]
	fn func(context.Context, In) iter.Seq2[Out, error]
}

// StreamWorker declares fn as a function that runs in worker processes and whose
// result is read element by element with All. An element with an error is the
// last one.
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

// All runs the function in a worker and gives its elements as they come. Leaving
// the loop early cancels the call. The worker is at most 32 elements ahead of the
// loop. An error, the last pair of the sequence, is of the kinds that Call
// returns. Pool.Timeout counts for the whole sequence. The sequence may be used
// again; each use is a call.
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
			item, err := r.next()
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
	ctx   context.Context
	pool  *pool.Pool
	call  *call
	end   func(cause error) error
	taken uint32 // elements taken since the worker was last granted more

	mu    sync.Mutex
	items [][]byte
	more  chan struct{} // an element or the end has come
	over  chan struct{} // the call has ended
}

func (s *Stream[In, Out]) open(ctx context.Context, in In) (*reader, error) {
	c := &call{Call: pool.NewCall()}
	if err := s.encodeIn(c, in); err != nil {
		return nil, err
	}
	p, err := s.p.pool()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		f := Func[In, Out]{endpoint: s.endpoint}
		return nil, f.ended(err)
	}
	if deadline, ok := ctx.Deadline(); ok {
		c.Limit = max(time.Until(deadline), 1)
	}
	r := &reader{ctx: ctx, pool: p, call: c, more: make(chan struct{}, 1), over: make(chan struct{})}
	r.end = func(cause error) error {
		if c.Kind == pool.OK {
			return errEnd
		}
		return failure(s.p.name, s.name, c.Call, cause)
	}
	c.Stream = r.take
	c.OnEnd = func(*pool.Call) { close(r.over) }
	p.Submit(c.Call)
	return r, nil
}

// take gets an element from the link's receiver. More than was granted is a
// worker that lies.
func (r *reader) take(item []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.items) >= worker.StreamWindow {
		return fmt.Errorf("more than %d elements of a stream that the reader has not asked for", worker.StreamWindow)
	}
	r.items = append(r.items, item)
	select {
	case r.more <- struct{}{}:
	default:
	}
	return nil
}

// next returns the next element, errEnd, or why there is none.
func (r *reader) next() ([]byte, error) {
	done := r.ctx.Done()
	over := r.over
	for {
		r.mu.Lock()
		if len(r.items) > 0 {
			item := r.items[0]
			r.items[0] = nil
			r.items = r.items[1:]
			r.mu.Unlock()
			r.grant()
			return item, nil
		}
		r.mu.Unlock()
		if over == nil {
			return nil, r.end(r.ctx.Err())
		}
		select {
		case <-r.more:
		case <-over:
			over = nil // look once more for elements that came before the end
		case <-done:
			done = nil
			r.pool.Cancel(r.call.Call, r.ctx.Err())
		}
	}
}

// grant lets the worker go on when the loop has taken half of what was under way.
func (r *reader) grant() {
	if r.taken++; r.taken >= worker.StreamWindow/2 {
		r.pool.Grant(r.call.Call, r.taken)
		r.taken = 0
	}
}

// close ends the call, if it has not ended, and waits for that.
func (r *reader) close() {
	select {
	case <-r.over:
		return
	default:
	}
	r.pool.Cancel(r.call.Call, context.Canceled)
	<-r.over
}

package legion

import (
	"context"
	"fmt"
	"iter"

	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/worker"
)

// Stream is a function in worker processes whose result is a sequence.
type Stream[In, Out any] struct {
	endpoint[In, Out]
	fn func(context.Context, In) iter.Seq2[Out, error]
}

// StreamWorker declares fn as a function that runs in worker processes and
// whose result is read element by element with All. An element with an error is
// the last one. Pool.Timeout bounds the whole sequence: leave it at 0 for an
// endless one, and bound the context of All where needed.
func StreamWorker[In, Out any](d *Daemon, name string, fn func(context.Context, In) iter.Seq2[Out, error], opts Pool) *Stream[In, Out] {
	mustFunc(fmt.Sprintf("stream worker %q", name), fn == nil)
	p := d.declare("stream worker", name, opts)
	e := newEndpoint[In, Out](p, "stream worker", name)
	p.funcs = append(p.funcs, worker.Func{
		Name: name, Hash: e.hash(), Raw: e.bytesIn && !e.lentIn,
		Stream: func(ctx context.Context, _ any, arg []byte, emit func([]byte) error) error {
			in, err := e.decodeIn(nil, arg)
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

// Pool returns the supervisor of the function's pool.
func (s *Stream[In, Out]) Pool() *Supervisor { return &Supervisor{s.p} }

// All runs the function in a worker and yields its elements as they come. An
// error is the last pair of the sequence, and of the kinds that Call returns.
// The sequence may be used again; each use is a call.
//
// Leaving the loop early cancels the call. So does the end of ctx, and
// Pool.Timeout, which counts for the whole sequence: then the error comes next,
// instead of elements that wait to be read.
//
// The worker is ahead of the loop by at most 32 elements, and by at most 4 MiB
// and one element: a call never holds more in the daemon.
func (s *Stream[In, Out]) All(ctx context.Context, in In) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		var none Out
		r, c, err := s.open(ctx, in)
		if err != nil {
			yield(none, err)
			return
		}
		defer r.Close()
		for {
			item, ok := r.Next(ctx)
			if !ok {
				if err := s.end(c, ctx.Err(), r.Left()); err != nil {
					yield(none, err)
				}
				return
			}
			if out, err := s.decode(item, nil); !yield(out, err) || err != nil {
				return
			}
		}
	}
}

// open makes the call.
func (s *Stream[In, Out]) open(ctx context.Context, in In) (*pool.Reader, *pool.Call, error) {
	c := pool.NewCall()
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
		s.tellEnd(c, encoded, err)
		return nil, nil, err
	}
	return p.Read(ctx, c, func(c *pool.Call) {
		if s.p.opts.OnEnd == nil {
			return
		}
		var err error
		if c.Kind != pool.OK {
			err = failure(s.p.name, s.name, c, ctx.Err())
		}
		s.tellEnd(c, true, err)
	}), c, nil
}

// end returns the error of a call that has ended; nil at the regular end of the
// stream. left counts elements that came and were not read, see
// pool.Reader.Left.
func (s *Stream[In, Out]) end(c *pool.Call, cause error, left int) error {
	switch {
	case cause != nil && left > 0 && !c.Kind.CutShort():
		return s.ended(cause, "the caller's context has ended before the loop had taken all elements")
	case c.Kind == pool.OK:
		return nil
	case left < 0:
		cause = nil
	}
	return failure(s.p.name, s.name, c, cause)
}

// tellEnd calls the pool's OnEnd at the end of a stream, on the loop. encoded
// says that its argument could travel.
func (s *Stream[In, Out]) tellEnd(c *pool.Call, encoded bool, err error) {
	if s.p.opts.OnEnd == nil {
		return
	}
	end := CallEnd{CallInfo: refused(s.p.name, s.name, err), Err: err}
	if p := s.p.running.Load(); p != nil && c.Number() != 0 {
		end.CallInfo = p.Info(c).Status(s.p.name)
	}
	if encoded {
		end.Arg = decoded(s.in)(c.Payload)
	}
	s.p.d.callback(func() { s.p.hook(end, true) })
}

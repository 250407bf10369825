package worker

import (
	"context"
	"errors"
	"fmt"

	"github.com/legion-go/legion/internal/fail"
	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// run runs one function and answers. What runs the function has returned when
// the answer is sent: so both fit into the stack that a new goroutine has, if
// the function needs little. Growing it would cost a small call more than all
// else here.
func (s *server) run(j *job) {
	s.call(j)
	s.finish(j)
}

// call runs one function, and notes what to answer. It does not return if the
// function ends its goroutine: then the end of work answers.
func (s *server) call(j *job) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if j.code = wire.Panic; exiting() {
			j.result = wire.AppendFault(nil, exited())
		} else { // perhaps while the goroutine ends, which recover does not stop
			j.result = wire.AppendFault(nil, panicked(recover()))
		}
	}()
	var err error
	if j.fn.Stream != nil {
		j.code = wire.End
		s.mu.Lock()
		j.more = make(chan struct{}, 1)
		s.mu.Unlock()
		err = j.fn.Stream(j.ctx, s.State, j.in, func(b []byte) error { return s.emit(j, b) })
	} else {
		j.result, err = j.fn.Call(j.ctx, s.State, j.in, &j.out)
	}
	if err != nil {
		j.code, j.result = s.failed(err)
	}
	returned = true
}

// failed returns what to answer for an error of a function.
func (s *server) failed(err error) (code wire.Status, result []byte) {
	code = wire.Error
	if refused := (*RefusedError)(nil); errors.As(err, &refused) {
		code = wire.Refused
	}
	return code, wire.AppendFault(nil, s.fault(err))
}

// finish ends a call, and answers it.
func (s *server) finish(j *job) {
	j.ctx.cancel(context.Canceled) // from now on no part of the call may continue
	s.progress.over(j.id)
	fail.Point("worker.finished")
	s.answer(wire.Header{Kind: wire.Response, Code: uint16(j.code), Call: j.id}, j.result)
	fail.Point("worker.answered")
}

// answer sends the end of a call. An answer that cannot be sent becomes an
// error of the call; the error of an ended link is ignored.
func (s *server) answer(h wire.Header, result []byte) {
	if err := s.conn.Send(h, result); err != nil && !errors.Is(err, link.ErrClosed) {
		s.answerInstead(h, err)
	}
}

func (s *server) answerInstead(h wire.Header, err error) {
	if large := (*wire.TooLarge)(nil); errors.As(err, &large) {
		err = fmt.Errorf("the result does not fit: %w; raise Pool.MaxPayload, or stream it", large)
	}
	h.Code = uint16(wire.Refused)
	_ = s.conn.Send(h, wire.AppendFault(nil, s.fault(err)))
}

package rpc

import (
	"context"
	"errors"
	"strconv"
	"sync"
)

// stream is a method that goes on after its answer. It belongs to the goroutine
// that Session.start gives it.
type stream struct {
	s      *Session
	id     uint64
	m      *method
	in     any
	ctx    context.Context // ends with the session, or by rpc.cancel
	cancel context.CancelFunc
	rec    Record

	mu    sync.Mutex
	ended bool
}

// begun is the answer to the request that began a stream.
type begun struct {
	Stream uint64 `json:"stream"`
}

// open reserves a stream for the session; it starts after the answer has been
// written.
func (x *exchange) open(ctx context.Context, m *method, in any, params []byte) (any, *Error) {
	switch {
	case x.session == nil:
		return nil, errorf(CodeRequest, "Invalid Request: %s is a stream: call it on a connection of the line protocol, or GET /stream/%[1]s", m.Name)
	case x.silent:
		return nil, errorf(CodeRequest, "Invalid Request: a stream needs a request with an id")
	}
	s := x.session
	st := &stream{s: s, m: m, in: in}
	st.rec = m.record(ctx, params, in)
	st.ctx, st.cancel = context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.streams) >= s.r.limits.Streams {
		st.cancel()
		return nil, errorf(CodeSystem, "a connection has %d streams at most: cancel one with rpc.cancel", s.r.limits.Streams)
	}
	s.last++
	st.id = s.last
	s.streams[st.id] = st
	s.live++
	x.starting = append(x.starting, st)
	return begun{st.id}, nil
}

// start gives a stream its goroutine, unless the session is closed.
func (s *Session) start(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		st.cancel()
		delete(s.streams, st.id)
		s.live--
		return
	}
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		defer s.ended()
		st.run()
	}()
}

// ended counts off a stream that has written its last line.
func (s *Session) ended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live--
}

// run is the life of a stream.
func (st *stream) run() {
	defer st.cancel()
	s := st.s
	_, err := s.r.apart(st.ctx, st.m, func() (any, error) { return nil, st.m.Stream(st.ctx, st.in, st.send) })
	if st.ctx.Err() != nil && (err == nil || err.Code != CodeInternal) {
		err = nil // the caller asked for its end
	}
	st.m.ran(s.r, st.rec, err)
	st.mu.Lock()
	st.ended = true
	st.mu.Unlock()
	s.mu.Lock()
	delete(s.streams, st.id)
	s.mu.Unlock()
	if s.base.Err() != nil {
		return // the client no longer listens
	}
	line := append(st.line(), `,"end":true`...)
	if err != nil {
		line = append(line, `,"error":`...)
		line = appendError(line, err)
	}
	_ = s.write(append(line, "}}"...)) // after the last line an error changes nothing
}

var errEnded = errors.New("the stream has ended")

// send writes an item. It blocks as long as write does.
func (st *stream) send(item any) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.ended {
		return errEnded
	}
	if st.ctx.Err() != nil {
		return context.Cause(st.ctx)
	}
	data, err := st.s.r.encode(st.m.Name, item)
	if err != nil {
		return err
	}
	line := append(st.line(), `,"item":`...)
	line = append(line, data...)
	if err := st.s.write(append(line, "}}"...)); err != nil {
		st.cancel()
		return err
	}
	return nil
}

// line begins a notification of the stream.
func (st *stream) line() []byte {
	b := append([]byte(nil), `{"jsonrpc":"2.0","method":`...)
	b = appendString(b, st.m.Name)
	b = append(b, `,"params":{"stream":`...)
	return strconv.AppendUint(b, st.id, 10)
}

// cancelStream ends a stream, and reports whether it was running.
func (s *Session) cancelStream(b begun) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.streams[b.Stream]
	if st == nil {
		return false
	}
	st.cancel()
	return true
}

package rpc

import (
	"context"
	"sync"
	"time"
)

// Session is a connection of the line protocol: JSON-RPC 2.0 with a request or
// a batch on each line, with streams and with rpc.auth. See the package's
// documentation for the protocol.
type Session struct {
	r      *Registry
	base   context.Context // of the connection: its end ends every request and stream
	cancel context.CancelFunc
	write  func(line []byte) error

	handling sync.Mutex // held while a request runs
	running  sync.WaitGroup

	mu      sync.Mutex
	caller  Caller
	limit   limit // by rpc.lower
	closed  bool
	last    uint64 // the number of the latest stream
	streams map[uint64]*stream
	live    int // streams whose last line has not been written
}

// NewSession begins a session for the caller in ctx; its end ends every request
// and stream. write sends a line, without the newline, and blocks until there
// is room for it. It is called from many goroutines: it must not mix its lines
// with each other, nor with the answers of Handle. Its error ends the stream
// that called it.
//
// The caller must call Close at the end.
func (r *Registry) NewSession(ctx context.Context, write func(line []byte) error) *Session {
	s := &Session{r: r, write: write, caller: CallerOf(ctx), limit: limit{role: Admin}, streams: map[uint64]*stream{}}
	s.base, s.cancel = context.WithCancel(ctx)
	return s
}

// Handle answers a line as [Registry.JSON] does. One request runs at a time;
// another waits. Handle itself writes the answer to a request that begins a
// stream, since it must come before the stream's items: then, and if there is
// no answer, Handle returns nil.
func (s *Session) Handle(request []byte) (response []byte) {
	s.handling.Lock()
	defer s.handling.Unlock()
	x := &exchange{ctx: s.base, r: s.r, session: s}
	response = x.document(request)
	if len(x.starting) == 0 {
		return response
	}
	if err := s.write(response); err != nil {
		for _, st := range x.starting {
			st.cancel()
		}
	}
	for _, st := range x.starting {
		s.start(st)
	}
	return nil
}

// Caller returns the session's caller now: rpc.auth and rpc.lower may have
// changed it.
func (s *Session) Caller() Caller {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.caller
}

// Streams returns the number of streams: each counts from its request until its
// last line has been written.
func (s *Session) Streams() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live
}

// context returns the context for a request or a stream.
func (s *Session) context() context.Context {
	return speaking(WithCaller(s.base, s.Caller()), protocolJSON)
}

// Close ends the session: it cancels the request that runs and all streams, and
// returns once the streams have ended. A stream that is being written ends when
// write returns: so first close what write writes to. It may be called more
// than once.
func (s *Session) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.running.Wait()
}

// token is the parameter of rpc.auth.
type token struct {
	Token string `json:"token" usage:"the token"`
}

// identity is the answer to rpc.auth and rpc.lower.
type identity struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
}

// authenticate gives the session to the token's owner.
func (s *Session) authenticate(t token) (identity, *Error) {
	check := s.r.options.Authenticate
	caller, ok := Caller{}, false
	if check != nil {
		caller, ok = check(t.Token)
	}
	s.mu.Lock()
	before := s.caller
	if ok {
		if caller.Via == "" {
			caller.Via = before.Via
		}
		caller = s.limit.of(caller)
		s.caller = caller
	}
	s.mu.Unlock()
	if !ok {
		err := errorf(CodeRole, "not allowed: this token is unknown")
		s.r.audit(Record{Time: time.Now(), Caller: before, Method: "rpc.auth", Refused: true}, err)
		return identity{}, err
	}
	return identity{caller.Name, caller.Role}, nil
}

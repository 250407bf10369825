package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Client is a connection to a daemon. Make one with [Dial].
type Client struct {
	to    target
	name  string // of the daemon, as it reports it
	role  string // that Options.Role has left
	wire  *wire
	slots chan struct{} // one for each call under way
	queue chan *call    // to the writer
	done  chan struct{} // closed when the connection has ended
	tasks sync.WaitGroup

	mu      sync.Mutex
	calls   map[uint64]*call // that were written, and have no answer, by id
	refusal *Error           // the daemon's last message that belongs to no call
	writing error            // why nothing more can be written
	err     error            // why the connection has ended
	closed  bool             // by Close
	streams map[*wire]struct{}
}

// maxCalls is the most calls under way, including those whose caller waits no
// longer.
const maxCalls = 1024

// call is a line under way: a request, a batch of them, or a notification.
type call struct {
	requests [][]byte
	batch    bool           // also of one request
	first    uint64         // id of them
	sent     chan error     // of a notification, which has no answer: buffered, as answers is
	answers  chan []message // the caller may have stopped waiting
}

func newClient(w *wire, name string, to target) *Client {
	c := &Client{
		to:      to,
		name:    name,
		wire:    w,
		slots:   make(chan struct{}, maxCalls),
		queue:   make(chan *call),
		done:    make(chan struct{}),
		calls:   map[uint64]*call{},
		streams: map[*wire]struct{}{},
	}
	c.tasks.Go(c.send)
	c.tasks.Go(c.receive)
	return c
}

// Name returns the name that the daemon has given itself when it was dialled;
// "" if it has no method daemon.hello.
func (c *Client) Name() string { return c.name }

// Role returns the role that is left after [Options.Role] was asked for; "" if
// it was not.
func (c *Client) Role() string { return c.role }

// PID returns the process that listens at the other end of a Unix socket, by
// the number that it has for this process: in a container its own number for
// itself differs. 0 if it is not known: over TCP, if the process is not visible
// from here, and on all systems but Linux.
func (c *Client) PID() int { return c.wire.pid }

// Call calls a method and stores its result in what result points to; nil drops
// it. params are described at the top of this package; a *json.RawMessage as
// result gets the JSON as it is.
//
// Calls on a connection are answered one after the other. An error that the
// daemon answers with is an [*Error]; others are [ErrClosed] and, wrapped, the
// context's. After those two the daemon may have done the work, or may still do
// it. Use [Stream] for a method that streams.
func (c *Client) Call(ctx context.Context, method string, params, result any) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: not called: %w", method, err)
	}
	r, err := request(method, params)
	if err != nil {
		return err
	}
	m, err := c.do(ctx, &call{requests: [][]byte{r}})
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return m[0].into(method, result)
}

// Notify calls a method and does not wait for its end: the daemon does not
// answer, not even with an error. It returns when the request has been written.
func (c *Client) Notify(ctx context.Context, method string, params any) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: not called: %w", method, err)
	}
	r, err := request(method, params)
	if err != nil {
		return err
	}
	call := &call{requests: [][]byte{r}, sent: make(chan error, 1)}
	if err := c.enqueue(ctx, call); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case err = <-call.sent:
	case <-ctx.Done():
		err = fmt.Errorf("not written yet: %w", ctx.Err())
	case <-c.done:
		err = c.err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

// do sends a call and waits for its answers: one message for each of its
// requests, in any order, or one about the whole.
func (c *Client) do(ctx context.Context, call *call) ([]message, error) {
	call.answers = make(chan []message, 1)
	select {
	case c.slots <- struct{}{}: // given back with the answer
	case <-ctx.Done():
		return nil, fmt.Errorf("not called, since %d calls before it have no answer yet: %w", maxCalls, ctx.Err())
	case <-c.done:
		return nil, c.err
	}
	if err := c.enqueue(ctx, call); err != nil {
		if ctx.Err() != nil {
			<-c.slots
		}
		return nil, err
	}
	return c.await(ctx, call)
}

// await waits for the answer to a call that is being written.
func (c *Client) await(ctx context.Context, call *call) ([]message, error) {
	select {
	case m := <-call.answers:
		return m, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("no answer yet: %w", ctx.Err())
	case <-c.done:
		select {
		case m := <-call.answers: // the last one, as to daemon.stop
			return m, nil
		default:
			return nil, c.err
		}
	}
}

// enqueue passes a call to the writer.
func (c *Client) enqueue(ctx context.Context, call *call) error {
	select {
	case c.queue <- call:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("not called, since the daemon does not take what came before it: %w", ctx.Err())
	case <-c.done:
		return c.err
	}
}

// Close ends the connection and those of its streams, and waits until that is
// done. Calls under way return [ErrClosed], streams yield it. Closing again
// does nothing. The error is always nil.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	streams := c.streams
	c.streams = nil
	c.mu.Unlock()
	for s := range streams {
		_ = s.conn.Close()
	}
	c.end(ErrClosed)
	c.tasks.Wait()
	return nil
}

// Done returns a channel that is closed when the connection has ended, by Close
// or by the daemon. Streams have connections of their own.
func (c *Client) Done() <-chan struct{} { return c.done }

// send writes the calls. A call whose context ends meanwhile is still written
// to its end: the rest of the line would corrupt the next call.
func (c *Client) send() {
	for {
		select {
		case call := <-c.queue:
			if call.sent == nil {
				c.mu.Lock()
				call.first = c.wire.lastID + 1
				for i := range call.requests {
					c.calls[call.first+uint64(i)] = call
				}
				c.mu.Unlock()
			}
			err := c.wire.writeCall(call)
			if call.sent != nil {
				call.sent <- err
			}
			if err != nil {
				c.unsent(err)
				return
			}
		case <-c.done:
			return
		}
	}
}

// unsent ends the writing. receive ends the connection: the daemon may have
// said why.
func (c *Client) unsent(err error) {
	c.mu.Lock()
	c.writing = err
	c.mu.Unlock()
	_ = c.wire.conn.SetReadDeadline(time.Now().Add(lastWords))
}

// receive passes the answers to their calls.
func (c *Client) receive() {
	for {
		m, err := c.wire.readAll()
		if err != nil {
			c.end(c.ended(err))
			return
		}
		if call := c.asked(m); call != nil {
			<-c.slots
			call.answers <- m
		}
	}
}

// asked takes the call that a message, or the list of those that answer a
// batch, is about; nil if it is about none. The daemon takes the requests of a
// connection in their order, so an error about a line that it did not take for
// a request, as one that is too large, is about the oldest.
func (c *Client) asked(list []message) *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	var call *call
	for i := range list {
		if id, ok := list[i].answers(); ok && c.calls[id] != nil {
			call = c.calls[id]
			break
		}
	}
	if m := &list[0]; call == nil && len(list) == 1 && m.refuses() {
		var oldest uint64
		for id, waiting := range c.calls {
			if call == nil || id < oldest {
				call, oldest = waiting, id
			}
		}
		if call == nil {
			c.refusal = m.Error.err()
		}
	}
	if call != nil {
		for i := range call.requests {
			delete(c.calls, call.first+uint64(i))
		}
	}
	return call
}

// ended says why the connection ended. The reason is the daemon's message that
// belongs to no call, for instance that it has too many connections.
func (c *Client) ended(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refusal != nil {
		return fmt.Errorf("%w by the daemon: %w", ErrClosed, c.refusal)
	}
	return lost(cmp.Or(c.writing, err))
}

// lost turns the error of a connection that ended into one that matches
// ErrClosed.
func lost(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w by the daemon", ErrClosed)
	}
	return fmt.Errorf("%w: %w", ErrClosed, err)
}

// end ends the connection, once.
func (c *Client) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = err // before done is closed: a reader that sees done closed may read it
	close(c.done)
	_ = c.wire.conn.Close()
}

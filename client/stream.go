package client

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/strictjson"
)

// Stream calls a method that streams, such as log.follow, and yields its items
// as they come, each read into a T. It ends when the daemon says so, when the
// loop is left, when ctx ends and when c is closed; an error is yielded last,
// with a zero T. The end of ctx is an error as well, which matches ctx.Err().
//
// Each loop over it dials a connection of its own, and so holds up neither
// calls nor other streams. It reads ahead only what fits the buffers of the
// connection: while the loop's body is slow, the daemon waits, or leaves items
// out, depending on the method; if the daemon cannot send anything for a while,
// 10 s by default, it ends the connection.
func Stream[T any](ctx context.Context, c *Client, method string, params any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		left := false
		err := c.stream(ctx, method, params, func(item jsontext.Value) error {
			var v T
			if err := strictjson.UnmarshalKnown(item, &v); err != nil {
				return fmt.Errorf("%s: an item does not fit a %T: %w", method, v, err)
			}
			if !yield(v, nil) {
				left = true
				return errLeft
			}
			return nil
		})
		if err != nil && !left {
			yield(none, err)
		}
	}
}

// errLeft says that the caller has left the loop over a stream.
var errLeft = errors.New("left")

// piece is a message about a stream.
type piece struct {
	Stream jsontext.Value `json:"stream"`
	Item   jsontext.Value `json:"item"`
	End    bool           `json:"end"`
	Error  *fault         `json:"error"`
}

// stream calls item with each item, until that or the daemon returns an error.
func (c *Client) stream(ctx context.Context, method string, params any, item func(jsontext.Value) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: not called: %w", method, err)
	}
	r, err := request(method, params)
	if err != nil {
		return err
	}
	w, _, err := c.to.open(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	defer w.conn.Close()
	if !c.adopt(w) {
		return fmt.Errorf("%s: %w", method, ErrClosed)
	}
	defer c.disown(w)
	stop := context.AfterFunc(ctx, func() { _ = w.conn.Close() })
	defer stop()

	// why says what ended the connection.
	why := func(err error) error {
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w", method, ctx.Err())
		case c.wasClosed():
			return fmt.Errorf("%s: %w", method, ErrClosed)
		}
		return fmt.Errorf("%s: %w", method, lost(err))
	}
	m, err := w.ask(r)
	if err != nil {
		return why(err)
	}
	if m.Error != nil {
		return m.Error.err()
	}
	var opened piece
	if json.Unmarshal(m.Result, &opened) != nil || opened.Stream == nil {
		return fmt.Errorf("%s does not stream: use Call", method)
	}
	for {
		m, err := w.read()
		if err != nil || ctx.Err() != nil || c.wasClosed() { // even if there is more to read
			return why(err)
		}
		if m.refuses() {
			return m.Error.err()
		}
		var p piece
		if m.Method != method || json.Unmarshal(m.Params, &p) != nil || string(p.Stream) != string(opened.Stream) {
			continue
		}
		if p.Item != nil {
			if err := item(p.Item); err != nil {
				return err
			}
		}
		if p.Error != nil {
			return p.Error.err()
		}
		if p.End {
			return nil
		}
	}
}

// adopt makes Close end the stream's connection too. It reports false if the
// Client is closed already.
func (c *Client) adopt(w *wire) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.streams[w] = struct{}{}
	return true
}

func (c *Client) disown(w *wire) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.streams, w)
}

func (c *Client) wasClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

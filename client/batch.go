package client

import (
	"context"
	"errors"
	"fmt"
)

// Request is one request of a [Client.Batch].
type Request struct {
	Method string
	Params any // as of [Client.Call]
	Result any // what it points to gets the result; nil drops it

	Err error // set by Batch: nil, an *[Error] that the daemon answered with, or that the result does not fit
}

// Batch sends several requests at once, in one write, and waits for the answers
// to all. The daemon runs them one after the other, each even if one before it
// failed. How each ended is in its Err. An error of Batch is about the whole
// batch, and then no Err is set: by default a daemon takes at most 100 requests
// and 4 MiB; other errors are those of [Client.Call]. Use [Stream], not a
// batch, for methods that stream.
func (c *Client) Batch(ctx context.Context, requests ...*Request) error {
	if len(requests) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("a batch: not called: %w", err)
	}
	call := &call{batch: true}
	for _, r := range requests {
		text, err := request(r.Method, r.Params)
		if err != nil {
			return err
		}
		call.requests = append(call.requests, text)
	}
	answers, err := c.do(ctx, call)
	if err != nil {
		return fmt.Errorf("a batch of %d requests: %w", len(requests), err)
	}
	if m := &answers[0]; m.refuses() && len(answers) == 1 {
		return m.Error.err()
	}
	for _, r := range requests {
		r.Err = errUnanswered
	}
	for i := range answers {
		if id, ok := answers[i].answers(); ok && id >= call.first && id-call.first < uint64(len(requests)) {
			r := requests[id-call.first]
			r.Err = answers[i].into(r.Method, r.Result)
		}
	}
	return nil
}

var errUnanswered = errors.New("the daemon has answered the others of the batch, but not this one")

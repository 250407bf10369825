package rpc

import (
	"context"
	"time"
)

// large is the size in bytes above which a request waits for its turn to be
// taken apart.
const large = 64 << 10

// turn lets large requests be taken apart one at a time, and for half of the
// time at most: whatever a flood of them costs, there is a processor for the
// small ones, and there is the memory for only one. It is full while one is
// taken apart, and for as long again.
type turn chan struct{}

// take calls fn, which takes a text of n bytes apart, or returns why that is no
// longer wanted.
func (t turn) take(ctx context.Context, n int, fn func()) *Error {
	if n <= large {
		fn()
		return nil
	}
	select {
	case t <- struct{}{}:
	case <-ctx.Done():
		return gone(ctx)
	}
	begin := time.Now()
	defer func() { time.AfterFunc(time.Since(begin), func() { <-t }) }()
	fn()
	return nil
}

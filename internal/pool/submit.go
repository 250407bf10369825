package pool

import (
	"context"
	"errors"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// Submit passes a call to the pool and never waits. OnEnd, Done and Await tell
// its end.
func (p *Pool) Submit(c *Call) {
	var fx effects
	p.mu.Lock()
	p.take(&fx, c)
	p.mu.Unlock()
	p.apply(&fx)
}

// Go is Submit, bounded by ctx, whose end cancels the call. ended is called as
// OnEnd.
func (p *Pool) Go(ctx context.Context, c *Call, ended func(*Call)) {
	c.bound(ctx)
	c.OnEnd = ended
	if ctx.Done() != nil {
		unwatch := context.AfterFunc(ctx, func() { p.Cancel(c, ctx.Err()) })
		c.OnEnd = func(c *Call) {
			unwatch()
			ended(c)
		}
	}
	p.Submit(c)
}

// bound tells the worker the deadline of ctx.
func (c *Call) bound(ctx context.Context) {
	if deadline, ok := ctx.Deadline(); ok {
		c.Limit = max(time.Until(deadline), 1)
	}
}

// sendAside is send for goroutines that must not wait for room in the link: the
// loop, the supervisor, and above all the receiver of a link, because the
// worker may be waiting for it in turn. If room may be missing, a goroutine of
// the member waits.
func (p *Pool) sendAside(s send) {
	m := s.to.member
	if s.fits && m.sending.Load() == 0 {
		p.send(s)
		return
	}
	m.aside(func() { p.send(s) })
}

// submit returns the link of the worker that has c and nothing else, if c went
// to an idle one.
func (p *Pool) submit(ctx context.Context, c *Call) link.Conn {
	var fx effects
	p.mu.Lock()
	p.take(&fx, c)
	var lone link.Conn
	if s := &fx.sends.first[0]; fx.sends.n == 1 && s.call == c && s.to.load == 1 {
		lone = s.to.member.conn
	}
	p.mu.Unlock()
	var own send
	p.applyWith(&fx, func(s send) {
		if s.call == c {
			own = s
		} else {
			p.sendAside(s)
		}
	})
	if own.call != nil {
		p.sendOwn(ctx, own) // last: nothing else must wait for room in the link
	}
	return lone
}

// sendOwn is send for the caller of the call. If the link has no room, the
// caller waits for it until its context ends.
func (p *Pool) sendOwn(ctx context.Context, s send) {
	if ctx.Done() == nil || s.fits && s.to.member.sending.Load() == 0 {
		p.send(s)
		return
	}
	canceled := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(canceled)
		p.Cancel(s.call, ctx.Err())
	})
	p.send(s)
	if !stop() {
		<-canceled // the callback must not touch a reused call
	}
}

// take passes a call to the core, under the lock.
func (p *Pool) take(fx *effects, c *Call) {
	if p.started {
		p.core.submit(fx, c, p.now())
	} else {
		c.Kind, c.Reason = Stopped, "the daemon has not been started"
		fx.answers.add(c)
	}
	p.prepare(fx)
}

// Do submits a call and waits for its end. When ctx ends first, it cancels the
// call, which takes until the function obeys, at most KillGrace and the time to
// kill a process.
func (p *Pool) Do(ctx context.Context, c *Call) {
	c.bound(ctx)
	if lone := p.submit(ctx, c); lone != nil {
		lone.Poll(len(c.Payload), c.isDone)
	}
	p.Await(ctx, c)
}

// Await waits for the end of a submitted call, as Do.
func (p *Pool) Await(ctx context.Context, c *Call) {
	woken := c.wokenAtEnd()
	if woken == nil {
		return
	}
	done := ctx.Done()
	if done == nil { // a plain receive costs less than a select
		<-woken
		return
	}
	select {
	case <-woken:
	case <-done:
		p.Cancel(c, ctx.Err())
		<-woken
	}
}

// Cancel ends a call before its time: as timed out if why is
// context.DeadlineExceeded, else as cancelled. It returns at once; the call
// ends as soon as its function obeys or its worker is gone.
func (p *Pool) Cancel(c *Call, why error) {
	cause := wire.CauseCanceled
	if errors.Is(why, context.DeadlineExceeded) {
		cause = wire.CauseTimeout
	}
	p.step(func(k *core, fx *effects, now time.Duration) { k.cancel(fx, c, cause, now) })
}

// WorkerOf returns the pid of the worker that has c, or 0.
func (p *Pool) WorkerOf(c *Call) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.state == callAssigned {
		return c.worker.pid
	}
	return 0
}

// Grant lets the worker that runs the streamed call c send more elements, for
// those that were taken. It does not wait. sent is called when the frame is in
// the worker's link, or never will be, unless the call has ended: a worker may
// leave it unread, so grants should not pile up.
func (p *Pool) Grant(c *Call, taken wire.Taken, sent func()) {
	p.mu.Lock()
	w, id := c.worker, c.id
	p.mu.Unlock()
	if w == nil {
		return
	}
	m := w.member
	m.aside(func() {
		_ = m.conn.Send(wire.Header{Kind: wire.Credit, Call: id}, wire.AppendCredit(nil, taken))
		sent()
	})
}

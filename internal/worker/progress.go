package worker

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// progressEvery is the time between two reports of a call. What it says
// meanwhile is replaced by what it says next, and the last of it is sent then.
const progressEvery = 100 * time.Millisecond

// Progress tells the daemon how far the call whose context ctx is has come, or
// the worker's own loop. It does nothing outside of a worker, and once the
// context or the call has ended.
func Progress(ctx context.Context, done wire.Done) {
	s, _ := ctx.Value(serverKey{}).(*server)
	if s == nil {
		return
	}
	c, _ := ctx.Value(contextKey{}).(*callContext)
	if c != nil || s.Loop != nil {
		s.progress.tell(s, c, done)
	}
}

type (
	serverKey  struct{} // the server of a context
	contextKey struct{} // the context of its call
)

// progress is what calls of a server say about how far they are. Those that say
// nothing cost a look at a counter.
type progress struct {
	telling atomic.Int32 // len(calls)

	mu       sync.Mutex         // also held while a report is sent, so that none follows the end of its call
	calls    map[uint32]*report // by id; 0 is the loop
	loopOver bool
}

// report is what one call says.
type report struct {
	done    wire.Done
	at      time.Time   // when it was last sent
	waiting *time.Timer // sends it; nil: it was sent
}

func (p *progress) tell(s *server, c *callContext, done wire.Done) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := uint32(0)
	if c != nil {
		id = c.call
	}
	r := p.calls[id]
	if r == nil {
		if r = new(report); p.calls == nil {
			p.calls = map[uint32]*report{}
		}
		p.calls[id] = r
		p.telling.Store(int32(len(p.calls))) // before the look at the end: that comes in the other order
	}
	if c != nil && c.Err() != nil || c == nil && p.loopOver {
		p.drop(id)
		return
	}
	if r.done = done; r.waiting != nil {
		return
	}
	if wait := progressEvery - time.Since(r.at); wait > 0 {
		r.waiting = time.AfterFunc(wait, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.calls[id] == r {
				r.send(s, id)
			}
		})
		return
	}
	r.send(s, id)
}

// send sends r. It ignores the error of an ended link.
func (r *report) send(s *server, id uint32) {
	r.at, r.waiting = time.Now(), nil
	_ = s.conn.Send(wire.Header{Kind: wire.Progress, Call: id}, wire.AppendProgress(nil, r.done))
}

// drop forgets a call.
func (p *progress) drop(id uint32) {
	if r := p.calls[id]; r != nil && r.waiting != nil {
		r.waiting.Stop()
	}
	delete(p.calls, id)
	p.telling.Store(int32(len(p.calls)))
}

// over ends the reports of a call whose context has ended. It returns when none
// can be sent any more.
func (p *progress) over(id uint32) {
	if p.telling.Load() > 0 {
		p.mu.Lock()
		p.drop(id)
		p.mu.Unlock()
	}
}

// endLoop does the same for the loop.
func (p *progress) endLoop() {
	p.mu.Lock()
	p.loopOver = true
	p.drop(0)
	p.mu.Unlock()
}

package pool

import (
	"fmt"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/status"
)

// progress takes what a call, or the worker's own loop, says of how far it is.
func (m *member) progress(f link.Frame) error {
	d, err := wire.DecodeProgress(own(f))
	if err != nil {
		return err
	}
	told := &status.Progress{Done: d.Done, Of: d.Of, Note: d.Note, At: time.Now()} // nobody changes it any more
	p := m.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.Call == 0 {
		m.w.progress = told
	} else if c := p.core.lookup(m.w, f.Call); c != nil {
		c.progress = told
	} else {
		return fmt.Errorf("progress of call %08x, which it does not have", f.Call)
	}
	p.core.alive(nil, m.w, p.now())
	return nil
}

// Progress returns what the call has said last of how far it is, nil if it has
// said nothing. A call that is retried begins anew.
func (p *Pool) Progress(c *Call) *status.Progress {
	p.mu.Lock()
	defer p.mu.Unlock()
	return c.progress
}

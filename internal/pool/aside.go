package pool

import "github.com/legion-go/legion/internal/wire"

// notice is a small frame that goes beside the calls. It is told in the order
// of the core's decisions: a Resume must not overtake the Pause before it.
type notice struct {
	wire.Header
	payload []byte
}

// control sends a small frame beside the calls. It does not block: the peer's
// buffer may be full, and the operator must not wait for it.
func (m *member) control(h wire.Header, payload []byte) {
	m.queue(notice{h, payload})
	m.tellNotices()
}

// queue puts a notice behind those before it. It does not send it.
func (m *member) queue(n notice) {
	m.mu.Lock()
	m.notices = append(m.notices, n)
	m.mu.Unlock()
}

// queueAct queues what an act tells the worker, if it tells it anything. The
// pool's lock is held: so the notices are in the order of the core's steps,
// whichever goroutines carry these out.
func (m *member) queueAct(a act) {
	switch a.op {
	case opCancel:
		m.queue(notice{Header: wire.Header{Kind: wire.Cancel, Code: uint16(a.code), Call: a.id}})
	case opStop:
		m.queue(notice{Header: wire.Header{Kind: wire.Stop, Call: a.id}})
	case opPing:
		m.protocol.pings.Add(1)
		m.queue(notice{Header: wire.Header{Kind: wire.Ping}})
	case opPause:
		m.protocol.pauses.Add(1)
		m.queue(notice{Header: wire.Header{Kind: wire.Pause}})
	case opResume:
		if !m.unpause() {
			m.queue(notice{Header: wire.Header{Kind: wire.Resume}})
		}
	}
}

// unpause takes back a Pause that is the last of what the worker is not told
// yet, and reports whether it did. So pauses and resumes of a worker that reads
// nothing do not add up.
func (m *member) unpause() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := len(m.notices) - 1
	if last < 0 || m.notices[last].Kind != wire.Pause {
		return false
	}
	m.notices = m.notices[:last]
	m.protocol.pauses.Add(-1)
	return true
}

// tellNotices sends what is queued, unless a goroutine does so already.
func (m *member) tellNotices() {
	m.mu.Lock()
	idle := !m.telling && len(m.notices) > 0
	m.telling = m.telling || idle
	m.mu.Unlock()
	if idle {
		m.aside(m.sendNotices)
	}
}

func (m *member) sendNotices() {
	for {
		m.mu.Lock()
		if len(m.notices) == 0 {
			m.notices, m.telling = nil, false
			m.mu.Unlock()
			return
		}
		n := m.notices[0]
		m.notices = m.notices[1:]
		m.mu.Unlock()
		_ = m.conn.Send(n.Header, n.payload)
	}
}

// aside runs f, which sends something, in a goroutine that the member waits
// for. When the link is closed nothing has to wait, and it starts no goroutine.
func (m *member) aside(f func()) {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		f()
		return
	}
	m.controls.Add(1)
	m.mu.Unlock()
	go func() {
		defer m.controls.Done()
		f()
	}()
}

package pool

import "github.com/legion-go/legion/internal/wire"

// control sends a small frame beside the calls. It does not block: the peer's
// buffer may be full, and the operator must not wait for it.
func (m *member) control(h wire.Header, payload []byte) {
	m.aside(func() { _ = m.conn.Send(h, payload) })
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

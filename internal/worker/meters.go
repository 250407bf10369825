package worker

import (
	"sync"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/meters"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/shm"
	"github.com/legion-go/legion/internal/wire"
)

// Count makes the program's instruments count in the memory that this worker
// shares with the daemon. Over a socket there is none, and Serve sends what
// they count.
func Count(conn link.Conn) {
	conn.Meters(func(mem []byte) { meters.Attach(mem, shm.Populate) })
}

const (
	// meterEvery is the time between two reports: the most that the daemon does not
	// know if the worker dies.
	meterEvery = time.Second
	// meterReport bounds a frame of a report.
	meterReport = 32 << 10
)

// meterReports send what the instruments have counted. A nil one does nothing.
type meterReports struct {
	conn link.Conn
	size int
	over chan struct{}

	mu       sync.Mutex
	reporter meters.Reporter
}

// startMeters starts the reports of a worker that needs them. Workers that are
// goroutines count as the daemon itself.
func (s *server) startMeters() {
	self := proc.Self()
	if self == nil || meters.Size() == 0 || s.conn.Meters(func([]byte) {}) {
		return
	}
	m := &meterReports{conn: s.conn, size: int(min(self.Purpose.MaxPayload, meterReport)), over: make(chan struct{})}
	s.meters = m
	s.over.Go(func() {
		ticks := time.NewTicker(meterEvery)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				m.report()
			case <-m.over:
				return
			}
		}
	})
}

// report sends what has changed since the last report. It may have to wait for
// room.
func (m *meterReports) report() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_ = m.reporter.Report(m.size, func(payload []byte) error {
		return m.conn.Send(wire.Header{Kind: wire.Meters}, payload)
	})
}

func (m *meterReports) end() {
	if m != nil {
		close(m.over)
	}
}

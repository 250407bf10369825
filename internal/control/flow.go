package control

import (
	"sync"
	"time"
)

// flow bounds how much is read in a second from all connections together. Each
// reads a step and then waits for its turn: so the kernel's buffers fill up,
// and hold up the clients that send much, while the daemon has time for those
// that send little. Everyone who waits for a turn has one before anybody has a
// second.
type flow struct {
	rate  int             // bytes in a second
	burst time.Duration   // what may be read at once, as the time that it takes at that rate
	stop  <-chan struct{} // closed when nobody should wait any more

	mu  sync.Mutex
	due time.Time // when everything that was read is paid for
}

// wait returns when it is time to read more, after n bytes were read; at the
// latest after the given patience.
func (f *flow) wait(n int, patience time.Duration) {
	pause := min(f.take(n), patience)
	if pause <= 0 {
		return
	}
	turn := time.NewTimer(pause)
	defer turn.Stop()
	select {
	case <-turn.C:
	case <-f.stop:
	}
}

// take pays for n bytes, and returns how long to wait.
func (f *flow) take(n int) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if earliest := now.Add(-f.burst); f.due.Before(earliest) {
		f.due = earliest
	}
	f.due = f.due.Add(time.Duration(n) * time.Second / time.Duration(f.rate))
	return f.due.Sub(now)
}

package drain

import (
	"context"
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// Listener is a listener that tracks its open connections.
type Listener struct {
	net.Listener

	mu    sync.Mutex
	conns map[*Conn]struct{}
	woke  time.Time // when Wait last noticed that it had not run for a while
}

// Track returns l as a Listener. If l is a Listener already, Track returns l.
func Track(l net.Listener) *Listener {
	if l, is := l.(*Listener); is {
		return l
	}
	return &Listener{Listener: l, conns: map[*Conn]struct{}{}}
}

// Accept waits for the next connection, which is a *Conn.
func (l *Listener) Accept() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &Conn{Conn: inner, of: l, last: time.Now()}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c] = struct{}{}
	return c, nil
}

func (l *Listener) forget(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

func (l *Listener) open() []*Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.conns))
}

// quiet returns how long a connection has been quiet whose bytes were last read
// or written at the given time.
func (l *Listener) quiet(last time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.woke.After(last) {
		last = l.woke
	}
	return time.Since(last)
}

// The pauses between two checks of Wait, and the pause after which it assumes
// that the machine, or the process, was stopped.
const firstPause, longestPause, stall = time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond

// Wait checks every open connection, again and again, until keep is false for
// all of them, or ctx ends. It polls because a server waits only once in its
// life: otherwise each read and each write would have to notify it. When it has
// not run for a while, clients on the same machine may not have run either, so
// it restarts the quiet time of all connections.
func (l *Listener) Wait(ctx context.Context, keep func(*Conn) bool) {
	looked := time.Now()
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, longestPause) {
		now := time.Now()
		if now.Sub(looked) > stall {
			l.mu.Lock()
			l.woke = now
			l.mu.Unlock()
		}
		looked = now
		kept := false
		for _, c := range l.open() {
			kept = keep(c) || kept
		}
		if !kept {
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

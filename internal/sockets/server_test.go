package sockets

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
)

// The end of a listener is no failure of its server; an error and a panic are.
func TestServer(t *testing.T) {
	for want, serve := range map[string]func(net.Listener) error{
		"":               func(l net.Listener) error { _, err := l.Accept(); return err },
		"unlucky":        func(net.Listener) error { return errors.New("unlucky") },
		"panic: unlucky": func(net.Listener) error { panic("unlucky") },
	} {
		l := opened(t)
		shut := 0
		s := NewServer(l, serve, func(context.Context) error { shut++; return nil })
		if err := s.Stop(t.Context()); err != nil || shut != 0 {
			t.Errorf("before the start: %v, shut down %d times", err, shut)
		}
		var failed error
		s.Start(func(err error) { failed = err })
		_ = l.Close()
		if err := s.Stop(t.Context()); err != nil || shut != 1 {
			t.Errorf("%v, shut down %d times", err, shut)
		}
		if <-s.served; (want == "") != (failed == nil) || failed != nil && !strings.HasPrefix(failed.Error(), want) {
			t.Errorf("%v, not %q", failed, want)
		}
	}
}

// An error and a panic of the shutdown are those of Stop, which waits no longer
// than its context for a server that goes on.
func TestServerThatDoesNotStop(t *testing.T) {
	l := opened(t)
	over := make(chan struct{})
	s := NewServer(l, func(net.Listener) error { <-over; return nil }, func(context.Context) error { panic("unlucky") })
	s.Start(func(err error) { t.Error(err) })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Stop(ctx); err == nil || !strings.HasPrefix(err.Error(), "panic: unlucky") {
		t.Error(err)
	}
	close(over)
	<-s.served
}

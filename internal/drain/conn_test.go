package drain

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// queue is a listener that accepts the connections in it.
type queue chan net.Conn

func (q queue) Accept() (net.Conn, error) { return <-q, nil }
func (q queue) Close() error              { return nil }
func (q queue) Addr() net.Addr            { return nil }

// accept returns an accepted connection, and its listener.
func accept(t *testing.T, inner net.Conn) (*Conn, *Listener) {
	t.Helper()
	q := make(queue, 1)
	q <- inner
	l := Track(q)
	if Track(l) != l {
		t.Error("a listener is tracked twice")
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return c.(*Conn), l
}

// tcp returns the two ends of a connection.
func tcp(t *testing.T) (server, client net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.Close(), server.Close() })
	return server, client
}

// The reads and writes of a connection, step by step, decide whether the client
// has got its answer.
func TestAnswered(t *testing.T) {
	for name, c := range map[string]struct {
		steps    []string // what the client sends, or "" for a write of the server
		answered bool
	}{
		"nothing":                 {nil, false},
		"a request":               {[]string{"GET"}, false},
		"half a request twice":    {[]string{"G", "ET"}, false},
		"an answer":               {[]string{"GET", ""}, true},
		"a greeting":              {[]string{""}, true},
		"hello of TLS":            {[]string{"\x16\x03\x01", ""}, false},
		"hello in pieces":         {[]string{"\x16\x03\x01", "", "", ""}, false},
		"handshake":               {[]string{"\x16\x03\x01", "", "finished", ""}, false},
		"a request over TLS":      {[]string{"\x16\x03\x01", "", "finished", "", "request"}, false},
		"an answer over TLS":      {[]string{"\x16\x03\x01", "", "finished", "", "request", ""}, true},
		"an old server, long ago": {[]string{"GET", "", "GET"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			inner, client := net.Pipe()
			conn, _ := accept(t, inner)
			defer conn.Close()
			defer client.Close()
			for _, step := range c.steps {
				from, to := net.Conn(conn), client
				if step != "" {
					from, to = client, conn
				}
				sent := make(chan error, 1)
				go func() { _, err := from.Write([]byte(step + "!")); sent <- err }()
				if _, err := io.ReadFull(to, make([]byte, len(step)+1)); err != nil {
					t.Fatal(err)
				}
				if err := <-sent; err != nil {
					t.Fatal(err)
				}
			}
			if conn.Answered() != c.answered {
				t.Errorf("answered: %v", !c.answered)
			}
			if conn.Silent() != (len(c.steps) == 0) {
				t.Errorf("silent: %v", conn.Silent())
			}
		})
	}
}

// End ends a waiting Read for good, but only after a time without bytes in
// either direction.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, client := net.Pipe()
		c, l := accept(t, inner)
		defer c.Close()
		defer client.Close()
		if time.Sleep(time.Hour); c.End(time.Second) {
			t.Error("it is ended although its server does not read")
		}
		read := func() chan error {
			over := make(chan error, 1)
			go func() { _, err := c.Read(make([]byte, 8)); over <- err }()
			synctest.Wait()
			return over
		}
		over := read()
		_, _ = client.Write([]byte("x"))
		if err := <-over; err != nil {
			t.Fatal(err)
		}
		over = read()
		if time.Sleep(time.Second / 2); c.End(time.Second) {
			t.Error("it is ended although bytes were just read")
		}
		go func() { _, _ = client.Read(make([]byte, 8)) }()
		_, _ = c.Write([]byte("x"))
		if time.Sleep(time.Second / 2); c.End(time.Second) {
			t.Error("it is ended although bytes were just written")
		}
		_ = c.SetReadDeadline(time.Now().Add(time.Minute)) // has no effect
		began := time.Now()
		l.Wait(t.Context(), func(c *Conn) bool { return !c.Ended() && (c.End(time.Second) || true) })
		if took := time.Since(began); took > time.Second || took < time.Second/2 {
			t.Errorf("it was ended after %v", took)
		}
		for range 2 {
			if err := <-over; err != io.EOF {
				t.Errorf("Read returns %v", err)
			}
			over = read()
		}
	})
}

// late is a connection whose bytes show up only after its deadline has passed,
// as on a busy machine.
type late struct {
	*net.TCPConn
	interrupt chan struct{}
	deadlines []time.Time
}

func (l *late) Read(b []byte) (int, error) {
	if l.interrupt != nil {
		<-l.interrupt
		l.interrupt = nil
		return 0, os.ErrDeadlineExceeded
	}
	return l.TCPConn.Read(b)
}

func (l *late) SetReadDeadline(t time.Time) error {
	l.deadlines = append(l.deadlines, t)
	if t.Equal(longAgo) {
		close(l.interrupt)
		return nil
	}
	return l.TCPConn.SetReadDeadline(t)
}

// Bytes that have arrived at the machine when a connection is ended are read,
// and the connection goes on with its own deadline.
func TestEndComesAfterWhatHasArrived(t *testing.T) {
	server, client := tcp(t)
	inner := &late{TCPConn: server.(*net.TCPConn), interrupt: make(chan struct{})}
	c, _ := accept(t, inner)
	far := time.Now().Add(time.Hour)
	_ = c.SetReadDeadline(far)
	type result struct {
		s   string
		err error
	}
	read := make(chan result, 1)
	go func() {
		b := make([]byte, 100)
		n, err := c.Read(b)
		read <- result{string(b[:n]), err}
	}()
	if _, err := client.Write([]byte("a request")); err != nil {
		t.Fatal(err)
	}
	for arrived := false; !arrived; {
		arrived = peek(t, inner.TCPConn) > 0
	}
	for !c.End(0) { // the Read has not begun
	}
	if r := <-read; r.s != "a request" || r.err != nil {
		t.Fatalf("Read returns %q, %v", r.s, r.err)
	}
	if c.Ended() || !inner.deadlines[len(inner.deadlines)-1].Equal(far) {
		t.Errorf("ended %v, deadlines %v", c.Ended(), inner.deadlines)
	}
	if _, err := client.Write([]byte("more")); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 100)); n != 4 || err != nil {
		t.Errorf("then Read returns %d, %v", n, err)
	}
}

// peek returns 1 if a byte has arrived, else 0.
func peek(t *testing.T, c *net.TCPConn) (n int) {
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) {
		n, _, _ = syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return n
}

// Wait ends with its context, and ignores closed connections.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, client := net.Pipe()
		defer client.Close()
		c, l := accept(t, inner)
		ctx, done := context.WithTimeout(t.Context(), time.Minute)
		defer done()
		began := time.Now()
		l.Wait(ctx, func(*Conn) bool { return true })
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it waited for %v", took)
		}
		time.AfterFunc(time.Second, func() { _ = c.Close() })
		began = time.Now()
		l.Wait(t.Context(), func(*Conn) bool { return true })
		if took := time.Since(began); took < time.Second || took > time.Second+longestPause {
			t.Errorf("it waited for %v for a connection that was closed after a second", took)
		}
	})
}

// Time in which the process was stopped does not count as quiet.
func TestAStallIsNoQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, client := net.Pipe()
		defer client.Close()
		c, l := accept(t, inner)
		defer c.Close()
		over := make(chan struct{})
		go func() { defer close(over); _, _ = c.Read(make([]byte, 1)) }()
		synctest.Wait()
		looks := 0
		l.Wait(t.Context(), func(c *Conn) bool {
			switch looks++; looks {
			case 1:
				time.Sleep(time.Hour) // as if the process had been stopped
				return true
			case 2:
				if c.Quiet() != 0 || c.End(time.Second) {
					t.Errorf("after a stall it counts as quiet for %v", c.Quiet())
				}
			}
			c.End(time.Second)
			return !c.Ended()
		})
		<-over
	})
}

// A Conn offers the optional methods of the connection that it wraps.
func TestConnKeepsWhatTheConnectionCan(t *testing.T) {
	server, client := tcp(t)
	c, _ := accept(t, server)
	defer c.Close()
	if _, err := c.SyscallConn(); err != nil || c.NetConn() != server {
		t.Errorf("SyscallConn: %v", err)
	}
	if err := c.CloseWrite(); err != nil {
		t.Error(err)
	}
	if _, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after CloseWrite the client reads %v", err)
	}
	if _, err := client.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if n, err := c.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("after CloseWrite the server reads %d bytes, %v", n, err)
	}
	pipe, _ := net.Pipe()
	c, _ = accept(t, pipe)
	if err := c.CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("CloseWrite of a pipe: %v", err)
	}
}

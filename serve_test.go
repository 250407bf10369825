package legion_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/slow"
	"github.com/legion-go/legion/legiontest"
)

// gate is a connection whose writes after the first wait until it is opened.
type gate struct {
	net.Conn
	wrote   bool
	reached chan struct{} // closed when a write waits
	open    chan struct{}
}

func (g *gate) Write(b []byte) (int, error) {
	if g.wrote && g.reached != nil {
		close(g.reached)
		g.reached = nil
		<-g.open
	}
	g.wrote = true
	return g.Conn.Write(b)
}

// A stop waits for the first request on a connection, also when the server has
// written before: the hello of TLS.
func TestStopWaitsForTheRequestAfterAHandshake(t *testing.T) {
	legiontest.CheckLeaks(t)
	pair, err := selfSigned()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			c := quiet("handshake")
			c.StopTimeout = 80 * time.Second // of which silence may take an eighth
			d := legion.New(c)
			s := &http.Server{
				Handler:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "served") }),
				TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}},
			}
			shutdown := make(chan struct{})
			ln := d.Serve("tcp", "127.0.0.1:0", func(l net.Listener) error { return s.ServeTLS(l, "", "") }, func(ctx context.Context) error {
				close(shutdown)
				return s.Shutdown(ctx)
			})
			legiontest.Start(t, d)
			inner, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer inner.Close()
			reached, open := make(chan struct{}), make(chan struct{})
			client := tls.Client(&gate{Conn: inner, reached: reached, open: open}, &tls.Config{InsecureSkipVerify: true, MaxVersion: version})
			answer := make(chan string, 1)
			go func() {
				if _, err := io.WriteString(client, "GET / HTTP/1.0\r\n\r\n"); err != nil {
					answer <- err.Error()
				}
				all, err := io.ReadAll(client)
				answer <- fmt.Sprint(string(all), err)
			}()
			<-reached
			stopped := make(chan error, 1)
			go func() { stopped <- d.Stop(context.Background()) }()
			select {
			case <-shutdown: // too early, as will show
			case <-time.After(50 * time.Millisecond):
			}
			close(open)
			if got := <-answer; len(got) < 6 || got[len(got)-len("served<nil>"):] != "served<nil>" {
				t.Errorf("the client got %q", got)
			}
			if err := <-stopped; err != nil {
				t.Error(err)
			}
		})
	}
}

// Neither a silent connection nor a server that does not end takes the time of
// shutdown, of other servers, or of the handlers of Shutdown.
func TestStopLeavesTimeForShutdown(t *testing.T) {
	slow.Test(t, "waits for servers that do not end", "3 s")
	legiontest.CheckLeaks(t)
	forEver := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for name, c := range map[string]struct {
		send  string // by the client, which then is silent
		serve func(s *http.Server, d *legion.Daemon, end context.Context) (net.Listener, chan bool)
	}{
		"silent connection": {"", plainly},
		"half a request":    {"GET / HTTP/1.1\r\nHo", plainly}, // only the server knows that it is incomplete
		"a server that goes on": {"", func(s *http.Server, d *legion.Daemon, end context.Context) (net.Listener, chan bool) {
			alive := make(chan bool, 1)
			return d.Serve("tcp", "127.0.0.1:0", func(net.Listener) error { return forEver(end) }, func(ctx context.Context) error {
				alive <- ctx.Err() == nil
				return nil
			}), alive
		}},
		"a shutdown that does not end": {"", func(s *http.Server, d *legion.Daemon, end context.Context) (net.Listener, chan bool) {
			d.Serve("tcp", "127.0.0.1:0", func(l net.Listener) error { _, err := l.Accept(); return err }, forEver)
			return plainly(s, d, end)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			conf := quiet("silent")
			conf.StopTimeout = 2 * time.Second
			d := legion.New(conf)
			end, ends := context.WithCancel(context.Background())
			defer ends()
			ln, alive := c.serve(&http.Server{}, d, end)
			handled := errors.New("the handler of Shutdown was not called")
			legion.On(d, func(ctx context.Context, _ event.Shutdown) error {
				handled = ctx.Err()
				return nil
			})
			legiontest.Start(t, d)
			conn, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, c.send); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if err := d.Stop(context.Background()); err != nil {
				t.Error(err)
			}
			t.Logf("stopped in %v", time.Since(began))
			if handled != nil {
				t.Errorf("the handler of Shutdown: %v", handled)
			}
			if !<-alive {
				t.Error("shutdown got a context that had ended")
			}
			if name == "silent connection" && !<-alive {
				t.Error("shutdown has not ended in time")
			}
		})
	}
}

// plainly serves s, and tells whether there was time for its shutdown, before
// and after it.
func plainly(s *http.Server, d *legion.Daemon, _ context.Context) (net.Listener, chan bool) {
	alive := make(chan bool, 2)
	return d.Serve("tcp", "127.0.0.1:0", s.Serve, func(ctx context.Context) error {
		alive <- ctx.Err() == nil
		err := s.Shutdown(ctx)
		alive <- err == nil
		_ = s.Close()
		return err
	}), alive
}

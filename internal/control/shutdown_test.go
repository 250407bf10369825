package control

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

// What runs is finished and answered; who is idle, or sends a request just now,
// is told that it is over.
func TestShutdown(t *testing.T) {
	f := serve(t, "", Options{})
	call, batch, web := f.dial(t), f.dial(t), f.dial(t)
	idle, half, halfWeb, idleWeb, stream := f.dial(t), f.dial(t), f.dial(t), f.dial(t), f.dial(t)
	idle.call("echo", []any{1})
	idleWeb.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	for !strings.HasPrefix(idleWeb.line(), "Content-Length") {
	}
	idleWeb.line()
	if _, err := io.ReadFull(idleWeb.in, make([]byte, len(`{"status":"alive"}`))); err != nil {
		t.Fatal(err)
	}
	half.send(`{"jsonrpc":`)
	halfWeb.send("POST /rpc HTTP/1.1\r\n")
	stream.call("follow", empty{})
	stream.line()
	call.send(`{"jsonrpc":"2.0","id":1,"method":"block","params":["call"]}` + "\n" + callEcho)
	batch.send(`[{"jsonrpc":"2.0","id":1,"method":"block","params":["batch"]},{"jsonrpc":"2.0","id":2,"method":"echo","params":[2]}]` + "\n")
	web.send(strings.Replace(httpCall(`{"jsonrpc":"2.0","id":1,"method":"block","params":["web"]}`, ""), "Connection: close\r\n", "", 1))
	for range 3 {
		within(t, f.entered)
	}
	eventually(t, "are the halves being read", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		n := 0
		for c := range f.conns {
			if c.phase == reading {
				n++
			}
		}
		return n == 2
	})
	done := make(chan error, 1)
	go func() { done <- f.Shutdown(context.Background()) }()
	if got := half.rest(); !strings.Contains(got, "stopping") || !strings.Contains(got, "-32400") {
		t.Error(got)
	}
	if got := halfWeb.rest(); !strings.HasPrefix(got, "HTTP/1.1 503 ") || !strings.Contains(got, "stopping") {
		t.Error(got)
	}
	if got := idle.rest(); !strings.Contains(got, "stopping") {
		t.Error(got)
	}
	if got := idleWeb.rest(); got != "" {
		t.Error(got)
	}
	if got := stream.rest(); !strings.Contains(got, "stopping") {
		t.Error(got)
	}
	within(t, f.ended) // the stream
	if c, err := net.Dial("unix", f.path); err == nil {
		c.Close()
		t.Error("a client can connect")
	}
	if _, err := os.Lstat(f.path); !errors.Is(err, os.ErrNotExist) {
		t.Error("the file stays:", err)
	}
	select {
	case err := <-done:
		t.Fatal("it does not wait:", err)
	default:
	}
	close(f.release)
	if got := call.rest(); !strings.HasPrefix(got, `{"jsonrpc":"2.0","result":"released","id":1}`+"\n") || strings.Contains(got, `"id":"x"`) || !strings.Contains(got, "stopping") {
		t.Error(got)
	}
	if got := batch.rest(); !strings.HasPrefix(got, `[{"jsonrpc":"2.0","result":"released","id":1},{"jsonrpc":"2.0","result":2,"id":2}]`+"\n") {
		t.Error(got)
	}
	if got := web.rest(); !strings.Contains(got, "Connection: close") || !strings.HasSuffix(got, `"released","id":1}`) {
		t.Error(got)
	}
	must(t, within(t, done))
	must(t, f.Shutdown(t.Context()))
	l, err := Listen(t.Context(), Address{Network: "unix", Addr: filepath.Join(folder(t), "c.sock")})
	must(t, err)
	defer l.Close()
	if err := f.Serve(l, Address{Network: "unix", Addr: l.Addr().String()}); !errors.Is(err, ErrStopped) {
		t.Error(err)
	}
}

// When the time is up, contexts end and connections are closed.
func TestShutdownTimeIsUp(t *testing.T) {
	f := serve(t, "", Options{})
	c := f.dial(t)
	c.send(`{"jsonrpc":"2.0","id":1,"method":"block","params":["call"]}` + "\n")
	within(t, f.entered)
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	if err := f.Shutdown(ctx); !errors.Is(err, enough) || !strings.Contains(err.Error(), "1 connections") {
		t.Error(err)
	}
	if err := within(t, f.ended); !errors.Is(err, enough) {
		t.Error(err)
	}
}

// A listener that is closed, as one that another process goes on with, costs
// nobody the connection.
func TestListenerClosed(t *testing.T) {
	checkLeaks(t)
	s, err := New(Options{Registry: newMethods().Registry})
	must(t, err)
	a := Address{Network: "unix", Addr: filepath.Join(folder(t), "c.sock")}
	l, err := Listen(t.Context(), a)
	must(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l, a) }()
	conn, err := net.Dial("unix", a.Addr)
	must(t, err)
	defer conn.Close()
	c := &client{Conn: conn, t: t, in: bufio.NewReader(conn)}
	c.call("echo", []any{1})
	l.Close()
	must(t, within(t, served))
	if got := c.call("echo", []any{2}).result(); got != "2" {
		t.Error(got)
	}
	must(t, s.Shutdown(t.Context()))
	if got := c.rest(); !strings.Contains(got, "stopping") {
		t.Error(got)
	}
}

// A registry is all that is needed.
func TestNew(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("a server without methods")
	}
	if _, err := New(Options{Registry: newMethods().Registry, Rules: []Rule{{Kind: "user", Role: rpc.Read}}}); err == nil {
		t.Error("an invalid rule")
	}
}

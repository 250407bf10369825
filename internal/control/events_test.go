package control

import (
	"bufio"
	stdhttp "net/http"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

func TestEvents(t *testing.T) {
	f := serve(t, "", Options{})
	c := f.browse(t)
	got := do(t, c, "GET", "/stream/count?value=3", nil)
	if got.StatusCode != 200 || got.body != "data: 0\n\ndata: 1\n\ndata: 2\n\nevent: end\ndata: {}\n\n" || got.Header.Get("Content-Type") != "text/event-stream" {
		t.Error(got)
	}
	if got := do(t, c, "GET", "/stream/count?value=13", nil); !strings.HasSuffix(got.body, "event: error\ndata: "+`{"jsonrpc":"2.0","error":{"code":-32500,"message":"unlucky"},"id":null}`+"\n\n") {
		t.Error(got)
	}
	for path, want := range map[string]int{"/stream/nothing": 404, "/stream/": 404, "/stream/echo": 400, "/stream/count": 400, "/stream/count?value=x": 400, "/stream/count?value=1&m=2": 400} {
		got := do(t, c, "GET", path, nil)
		if got.StatusCode != want {
			t.Error(path, got)
		}
		if a := read(t, got.body); a.Error == nil {
			t.Error(path, got)
		}
	}
	old := f.dial(t)
	old.send("GET /stream/count?value=1 HTTP/1.0\r\n\r\n")
	if got := old.rest(); !strings.HasSuffix(got, "\r\n\r\ndata: 0\n\nevent: end\ndata: {}\n\n") || strings.Contains(got, "chunked") {
		t.Error(got)
	}
}

func TestEventsHeartbeat(t *testing.T) {
	f := serve(t, "", Options{Limits: Limits{Heartbeat: time.Millisecond}})
	r, err := f.browse(t).Get("http://localhost/stream/follow")
	must(t, err)
	defer r.Body.Close()
	in := bufio.NewReader(r.Body)
	for _, want := range []string{"data: \"begun\"\n", "\n", ": \n", "\n", ": \n", "\n"} {
		if got, err := in.ReadString('\n'); got != want {
			t.Fatalf("%q, %v", got, err)
		}
	}
}

// A stream ends when the client no longer listens, though it has nothing to
// say, and on a reset as well.
func TestEventsClientGone(t *testing.T) {
	for _, address := range []string{"", "tcp://127.0.0.1:0?anyone=read"} {
		f := serve(t, address, Options{})
		c := f.dial(t)
		c.send("GET /stream/follow HTTP/1.1\r\nHost: localhost\r\n\r\n")
		for !strings.Contains(c.line(), "begun") {
		}
		c.Close()
		if err := within(t, f.ended); err != errGone {
			t.Error(err)
		}
	}
}

// A client that does not read is closed, and what it asked for ends.
func TestEventsSlowReader(t *testing.T) {
	f := serve(t, "", Options{Limits: Limits{Write: 50 * time.Millisecond}})
	for _, request := range []string{"GET /stream/flood HTTP/1.1\r\nHost: localhost\r\n\r\n", `{"jsonrpc":"2.0","id":1,"method":"flood"}` + "\n"} {
		c := f.dial(t)
		c.send(request)
		if err := within(t, f.ended); !timedOut(err) {
			t.Error(err)
		}
	}
	eventually(t, "closed", func() bool { return f.Stats().Connections == 0 })
	if log := f.log.String(); strings.Count(log, "does not read") != 2 {
		t.Error(log)
	}
}

func TestEventsAtShutdown(t *testing.T) {
	f := serve(t, "", Options{})
	r, err := f.browse(t).Get("http://localhost/stream/follow")
	must(t, err)
	defer r.Body.Close()
	in := bufio.NewReader(r.Body)
	_, err = in.ReadString('\n')
	must(t, err)
	must(t, f.Shutdown(t.Context()))
	_, _ = in.ReadString('\n')
	if got, _ := in.ReadString('\n'); got != "event: end\n" {
		t.Errorf("%q", got)
	}
}

// Streams are for clients that may read.
func TestEventsOfStrangers(t *testing.T) {
	f := serve(t, "tcp://127.0.0.1:0", Options{Rules: []Rule{rule(t, "token", secret, rpc.Read)}})
	c := f.browse(t)
	if got := do(t, c, "GET", "/stream/count?value=1", nil); got.StatusCode != stdhttp.StatusUnauthorized {
		t.Error(got)
	}
	if got := do(t, c, "GET", "/stream/count?value=1", nil, "Authorization", "Bearer "+secret); got.StatusCode != 200 {
		t.Error(got)
	}
}

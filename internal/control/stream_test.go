package control

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	stdhttp "net/http"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/plugin"
)

// streamPath is a path whose answer comes piece by piece.
func streamPath(path string, stream func(ctx context.Context, write func([]byte) error) error) plugin.Path {
	return plugin.Path{Path: path, Serve: func(context.Context, *plugin.Request) plugin.Response {
		return plugin.Response{Type: "text/plain", Header: []string{"X-Own", "1"}, Beat: []byte("beat\n"), Stream: stream}
	}}
}

// An answer may come piece by piece; after a fault the client sees that it is
// not whole.
func TestStreamedAnswer(t *testing.T) {
	large := bytes.Repeat([]byte("x"), freeMemory+1)
	f := serve(t, "", Options{Paths: []plugin.Path{
		streamPath("/pieces", func(_ context.Context, write func([]byte) error) error {
			return errors.Join(write([]byte("one\n")), write(nil), write(large), write([]byte("\ntwo")))
		}),
		streamPath("/empty", func(context.Context, func([]byte) error) error { return nil }),
		streamPath("/fails", func(_ context.Context, write func([]byte) error) error {
			return errors.Join(write([]byte("one")), errors.New("lost"))
		}),
		streamPath("/panics", func(_ context.Context, write func([]byte) error) error {
			_ = write([]byte("one"))
			panic("lost")
		}),
		{Path: "/both", Serve: func(context.Context, *plugin.Request) plugin.Response {
			return plugin.Response{Body: []byte("x"), Stream: func(context.Context, func([]byte) error) error { return nil }}
		}},
	}})
	c := f.browse(t)
	want := "one\n" + string(large) + "\ntwo"
	got := do(t, c, "GET", "/pieces", nil)
	if got.StatusCode != 200 || got.body != want || got.Header.Get("X-Own") != "1" || got.Header.Get("Content-Type") != "text/plain" || !got.Close {
		t.Errorf("%d, %d bytes, %v", got.StatusCode, len(got.body), got.Header)
	}
	if got := do(t, c, "HEAD", "/pieces", nil); got.StatusCode != 200 || got.body != "" {
		t.Error(got)
	}
	if got := do(t, c, "GET", "/empty", nil); got.StatusCode != 200 || got.body != "" {
		t.Error(got)
	}
	if got := do(t, c, "GET", "/both", nil); got.StatusCode != 500 || !strings.Contains(f.log.String(), "both a body and a stream") {
		t.Error(got)
	}
	old := f.dial(t)
	old.send("GET /pieces HTTP/1.0\r\n\r\n")
	if got := old.rest(); !strings.HasSuffix(got, "\r\n\r\n"+want) || strings.Contains(got, "chunked") {
		t.Errorf("HTTP/1.0: %.200q", got)
	}
	for _, path := range []string{"/fails", "/panics"} {
		r, err := c.Get("http://localhost" + path)
		must(t, err)
		text, err := io.ReadAll(r.Body)
		r.Body.Close()
		if string(text) != "one" || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %q, %v", path, text, err)
		}
	}
	if !strings.Contains(f.log.String(), "panic=lost") {
		t.Error("the panic is not in the log")
	}
	if n := f.tally().Requests["GET /pieces"]["200"]; n != 3 {
		t.Errorf("%d answers were counted", n)
	}
}

// follows is a stream that says "begun" and then waits for its end.
func follows(ended chan<- error) plugin.Path {
	return streamPath("/follow", func(ctx context.Context, write func([]byte) error) error {
		err := write([]byte("begun\n"))
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return err
	})
}

// begin begins it, and returns when the first piece has come.
func begin(t *testing.T, f *fixture) *client {
	t.Helper()
	c := f.dial(t)
	c.send("GET /follow HTTP/1.1\r\nHost: localhost\r\n\r\n")
	for !strings.Contains(c.line(), "begun") {
	}
	return c
}

func TestStreamedAnswerBeats(t *testing.T) {
	f := serve(t, "", Options{Paths: []plugin.Path{follows(make(chan error, 1))}, Limits: Limits{Heartbeat: time.Millisecond}})
	r, err := f.browse(t).Get("http://localhost/follow")
	must(t, err)
	defer r.Body.Close()
	in := bufio.NewReader(r.Body)
	for _, want := range []string{"begun\n", "beat\n", "beat\n"} {
		if got, err := in.ReadString('\n'); got != want {
			t.Fatalf("%q, %v", got, err)
		}
	}
}

// A stream learns that its client has gone though it has nothing to say.
func TestStreamedAnswerClientGone(t *testing.T) {
	ended := make(chan error, 1)
	f := serve(t, "", Options{Paths: []plugin.Path{follows(ended)}})
	begin(t, f).Close()
	if err := within(t, ended); !errors.Is(err, errGone) {
		t.Error(err)
	}
}

// A client that does not read ends its stream, and nobody else's.
func TestStreamedAnswerSlowReader(t *testing.T) {
	ended := make(chan error, 1)
	f := serve(t, "", Options{Limits: Limits{Write: 50 * time.Millisecond}, Paths: []plugin.Path{streamPath("/flood", func(ctx context.Context, write func([]byte) error) error {
		for {
			if err := write(make([]byte, 256<<10)); err != nil {
				ended <- err
				return nil
			}
		}
	})}})
	c := f.dial(t)
	c.send("GET /flood HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if err := within(t, ended); !timedOut(err) {
		t.Error(err)
	}
	if got := do(t, f.browse(t), "GET", "/healthz", nil); got.StatusCode != 200 {
		t.Error(got)
	}
}

// Streams take the places of connections, and no others: a peer that has them
// all is refused, and has them back when its streams end.
func TestStreamedAnswersAreMany(t *testing.T) {
	const most = 8
	ended := make(chan error, most)
	f := serve(t, "tcp://127.0.0.1:0?anyone=read", Options{Paths: []plugin.Path{follows(ended)}, Limits: Limits{PerPeer: most, Running: 1}})
	var all []*client
	for range most {
		all = append(all, begin(t, f))
	}
	refused := f.dial(t)
	refused.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if got := refused.rest(); !strings.HasPrefix(got, "HTTP/1.1 503 ") {
		t.Errorf("%.100q", got)
	}
	for _, c := range all {
		c.Close()
	}
	for range all {
		within(t, ended)
	}
	eventually(t, "served again", func() bool {
		c := f.dial(t)
		defer c.Close()
		c.send("GET /healthz HTTP/1.0\r\n\r\n")
		return strings.HasPrefix(c.rest(), "HTTP/1.1 200 ")
	})
}

// Shutdown ends streams, and tells their clients that they are whole. It does
// not wait for one that does not end.
func TestStreamedAnswerAtShutdown(t *testing.T) {
	ended := make(chan error, 1)
	f := serve(t, "", Options{Paths: []plugin.Path{follows(ended)}})
	c := begin(t, f)
	go func() { _ = f.Shutdown(context.Background()) }()
	if got := c.rest(); !strings.HasSuffix(got, "\r\n0\r\n\r\n") {
		t.Errorf("%q", got)
	}
	if err := within(t, ended); !errors.Is(err, errStopping) {
		t.Error(err)
	}

	leave := make(chan struct{})
	stuck := serve(t, "", Options{Paths: []plugin.Path{streamPath("/follow", func(_ context.Context, write func([]byte) error) error {
		err := write([]byte("begun\n"))
		<-leave
		return err
	})}})
	begin(t, stuck)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := stuck.Shutdown(ctx); err == nil || !strings.Contains(err.Error(), "1 connections were still being served") {
		t.Error(err)
	}
	close(leave)
}

// A client without the role of a path gets nothing of its stream.
func TestStreamedAnswerNeedsItsRole(t *testing.T) {
	begun := false
	path := streamPath("/follow", func(context.Context, func([]byte) error) error { begun = true; return nil })
	path.Role = rpc.Operate
	f := serve(t, "tcp://127.0.0.1:0?anyone=read", Options{Paths: []plugin.Path{path}})
	if got := do(t, f.browse(t), "GET", "/follow", nil); got.StatusCode != stdhttp.StatusForbidden || begun {
		t.Error(got, begun)
	}
}

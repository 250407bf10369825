package front

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
)

// fake is a daemon at the other end of pipes, so that it works in virtual time.
type fake struct {
	t       *testing.T
	results map[string]func(params string) string // by method: the rest of the answer, as `"result":1`
	items   chan string                           // of the next stream's watch; closed: the stream ends

	mu      sync.Mutex
	away    bool
	conns   []net.Conn
	lowered []string // parameters of rpc.lower, a connection each
	called  []string // "method params", without those of a greeting
	tasks   sync.WaitGroup
}

func newFake(t *testing.T) *fake {
	f := &fake{t: t, results: map[string]func(string) string{}, items: make(chan string)}
	t.Cleanup(f.stop)
	return f
}

// stop ends the daemon and its connections; start lets clients connect again.
func (f *fake) stop() {
	f.mu.Lock()
	f.away = true
	for _, c := range f.conns {
		_ = c.Close()
	}
	f.conns = nil
	f.mu.Unlock()
	f.tasks.Wait()
}

func (f *fake) start() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away = false
}

// ControlAddresses is for Daemon.
func (f *fake) ControlAddresses() ([]string, error) { return []string{"unix:///fake"}, nil }

// options make clients dial the fake.
func (f *fake) options() client.Options {
	return client.Options{DialContext: func(context.Context, string, string) (net.Conn, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.away {
			return nil, errors.New("it is away")
		}
		here, there := net.Pipe()
		f.conns = append(f.conns, there)
		f.tasks.Go(func() {
			defer there.Close()
			f.serve(there)
		})
		return here, nil
	}}
}

func (f *fake) serve(c net.Conn) {
	var lowered bool
	in := bufio.NewScanner(c)
	in.Buffer(nil, 2*maxBody)
	for in.Scan() {
		var r struct {
			ID     json.RawMessage
			Method string
			Params json.RawMessage
		}
		if json.Unmarshal(in.Bytes(), &r) != nil {
			f.t.Errorf("the daemon got %q", in.Bytes())
			return
		}
		f.note(r.Method, string(r.Params))
		switch answer := f.results[r.Method]; {
		case r.Method == "rpc.lower":
			lowered = true
			var p struct{ Role string }
			_ = json.Unmarshal(r.Params, &p)
			fmt.Fprintf(c, `{"jsonrpc":"2.0","id":%s,"result":{"name":"uid 1000","role":%q}}`+"\n", r.ID, p.Role)
		case !lowered:
			f.t.Errorf("%s was asked on a connection that has all rights", r.Method)
			return
		case r.Method == "daemon.hello":
			fmt.Fprintf(c, `{"jsonrpc":"2.0","id":%s,"result":{"name":"thumbs","version":"v1","protocol":1}}`+"\n", r.ID)
		case r.Method == "watch":
			f.stream(c, r.ID)
		case answer != nil:
			fmt.Fprintf(c, `{"jsonrpc":"2.0","id":%s,%s}`+"\n", r.ID, answer(string(r.Params)))
		default:
			fmt.Fprintf(c, `{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"Method not found"}}`+"\n", r.ID)
		}
	}
	if errors.Is(in.Err(), bufio.ErrTooLong) { // a connection may break
		f.t.Error("a request is too long for the fake")
	}
}

// stream answers watch, until the client hangs up or items ends.
func (f *fake) stream(c net.Conn, id json.RawMessage) {
	gone := make(chan struct{})
	f.tasks.Go(func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, c)
	})
	fmt.Fprintf(c, `{"jsonrpc":"2.0","id":%s,"result":{"stream":1}}`+"\n", id)
	for {
		select {
		case item, more := <-f.items:
			if !more {
				fmt.Fprint(c, `{"jsonrpc":"2.0","method":"watch","params":{"stream":1,"end":true}}`+"\n")
				return
			}
			fmt.Fprintf(c, `{"jsonrpc":"2.0","method":"watch","params":{"stream":1,"item":%s}}`+"\n", item)
		case <-gone:
			return
		}
	}
}

func (f *fake) note(method, params string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch method {
	case "rpc.lower":
		f.lowered = append(f.lowered, params)
	case "daemon.hello":
	default:
		f.called = append(f.called, strings.TrimSpace(method+" "+params))
	}
}

// heard returns what was called, and how connections were lowered, since the
// last time.
func (f *fake) heard() (called, lowered []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	called, lowered = f.called, f.lowered
	f.called, f.lowered = nil, nil
	return called, lowered
}

const at = "127.0.0.1:8080" // where the local front of a test seems to listen

// local is a Local that does not listen.
func local(t *testing.T, f *fake, role legion.Role) *Local {
	l := newLocal(f, at, LocalOptions{Role: role, Client: f.options()})
	t.Cleanup(l.front.sessions.close)
	return l
}

// token is the token of a new link.
func (l *Local) token() string {
	_, token, _ := strings.Cut(l.Link(), "#token=")
	return token
}

// request is a request as the page makes it; change it before it is sent.
func request(method, path, secret, body string) *http.Request {
	r := httptest.NewRequest(method, "http://"+at+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

// ask sends a request and returns the answer.
func ask(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// begin begins a session.
func begin(t *testing.T, h http.Handler, token string) opened {
	t.Helper()
	return begun(t, ask(h, request("POST", "/session", "", fmt.Sprintf(`{"token":%q}`, token))))
}

// begun reads the answer to the request for a session.
func begun(t *testing.T, w *httptest.ResponseRecorder) opened {
	t.Helper()
	var o opened
	if err := json.Unmarshal(w.Body.Bytes(), &o); w.Code != 200 || err != nil || len(o.Secret) != 43 {
		t.Fatalf("POST session: %d %s", w.Code, w.Body)
	}
	return o
}

// call calls a method with a session's secret.
func call(h http.Handler, secret, method, params string) *httptest.ResponseRecorder {
	return ask(h, request("POST", "/rpc", secret, fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":%q,"params":%s}`, method, params)))
}

// expect fails the test unless an answer has a status, and a text that says
// something.
func expect(t *testing.T, what string, w *httptest.ResponseRecorder, want int, says string) {
	t.Helper()
	if w.Code != want || !strings.Contains(w.Body.String(), says) {
		t.Errorf("%s: %d %q, want %d with %q", what, w.Code, w.Body, want, says)
	}
}

// reader is a page that reads a stream.
type reader struct {
	lines chan string
	gone  context.CancelFunc
	over  chan struct{}
	code  int
}

// open opens a stream, and waits until it is there.
func open(t *testing.T, h http.Handler, secret string) *reader {
	t.Helper()
	return openAs(t, h, request("POST", "/watch", secret, `{"topics":["daemon"]}`))
}

// openMany is open over HTTP/2, where a person has as many streams as wanted.
func openMany(t *testing.T, h http.Handler, secret string) *reader {
	t.Helper()
	r := request("POST", "/watch", secret, `{"topics":["daemon"]}`)
	r.ProtoMajor = 2
	return openAs(t, h, r)
}

// openAs is open with a request of the test's own.
func openAs(t *testing.T, h http.Handler, watch *http.Request) *reader {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	in, out := io.Pipe()
	r := &reader{lines: make(chan string, 100), gone: cancel, over: make(chan struct{})}
	w := &pipeWriter{header: http.Header{}, out: out}
	go func() {
		defer close(r.over)
		h.ServeHTTP(w, watch.WithContext(ctx))
		_ = out.Close()
		r.code = w.code
	}()
	go func() {
		for lines := bufio.NewScanner(in); lines.Scan(); {
			r.lines <- lines.Text()
		}
		close(r.lines)
	}()
	t.Cleanup(func() {
		cancel()
		<-r.over
	})
	if first := <-r.lines; first != "" {
		t.Fatalf("a stream begins with %q", first)
	}
	return r
}

// pipeWriter is an http.ResponseWriter whose body can be read meanwhile.
type pipeWriter struct {
	header http.Header
	code   int
	out    io.Writer
}

func (w *pipeWriter) Header() http.Header         { return w.header }
func (w *pipeWriter) WriteHeader(code int)        { w.code = code }
func (w *pipeWriter) Write(b []byte) (int, error) { return w.out.Write(b) }
func (w *pipeWriter) Flush()                      {}

package client

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestParseAddress(t *testing.T) {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	long := "/" + strings.Repeat("x", longestPath)
	for _, test := range []struct{ in, want, fails string }{
		{"unix:///run/x/control.sock", "unix:///run/x/control.sock", ""},
		{"/run/x/control.sock?mode=0660", "unix:///run/x/control.sock", ""},
		{"unix:?mode=0660", "", "neither"},
		{"unix:///run/x//control.sock?mode=0660&group=ops", "unix:///run/x/control.sock", ""},
		{"/run/x/control.sock", "unix:///run/x/control.sock", ""},
		{"./x.sock", "unix://" + wd + "/x.sock", ""},
		{"tcp://127.0.0.1:7070?anyone=read", "tcp://127.0.0.1:7070", ""},
		{"tcp://[::1]:7070", "tcp://[::1]:7070", ""},
		{"tcp://example.org:https", "tcp://example.org:https", ""},
		{"", "", "neither"},
		{"two words", "", "neither"},
		{"none:", "", "neither"},
		{"unix://run/x", "", "three slashes"},
		{"unix://", "", "three slashes"},
		{"tcp://127.0.0.1", "", "tcp://host:port"},
		{"tcp://127.0.0.1:", "", "tcp://host:port"},
		{"tcp://127.0.0.1:99999", "", "the port 99999 is not one from 0 to 65535"},
		{"tcp://127.0.0.1:-1", "", "the port -1 is not"},
		{"tcp://127.0.0.1:99999999999999999999", "", "the port 99999999999999999999 is not"},
		{"tcp://::1:7070", "", "brackets"},
		{"http://127.0.0.1:7070", "", `"http"`},
		{long, "", "shorter"},
		{"unix://" + long, "", "shorter"},
	} {
		a, err := parseAddress(test.in)
		switch {
		case test.fails == "" && (err != nil || a.String() != test.want):
			t.Errorf("%q: %v, %v; want %s", test.in, a, err, test.want)
		case test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)):
			t.Errorf("%q: %v, %v; want an error with %q", test.in, a, err, test.fails)
		}
	}
	if _, err := Dial(soon(t), "two words", Options{}); err == nil {
		t.Error("Dial takes what is no address")
	}
}

func TestDialNotRunning(t *testing.T) {
	leaks(t)
	dir := socketDir(t)
	stale := filepath.Join(dir, "stale")
	l, err := net.Listen("unix", stale)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = l.Close()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "missing"), filepath.Join(dir, "no/folder"), stale, file, file + "/below"} {
		_, err := Dial(soon(t), path, Options{})
		e, ok := errors.AsType[*NotRunningError](err)
		if !ok || e.Address != "unix://"+path || e.Name != "" || len(e.Tried) != 1 || e.Tried[0] != path || e.Err == nil {
			t.Errorf("%s: %#v", path, err)
			continue
		}
		if text := e.Error(); !strings.Contains(text, path) || !strings.Contains(text, "start it") {
			t.Errorf("its text is %q", text)
		}
	}
}

func TestDialPermission(t *testing.T) {
	_, err := Dial(soon(t), "/run/x/control.sock", Options{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EACCES)}
	}})
	e, ok := errors.AsType[*PermissionError](err)
	if !ok || e.Address != "unix:///run/x/control.sock" || !errors.Is(err, fs.ErrPermission) || !strings.Contains(e.User, fmt.Sprint(os.Geteuid())) {
		t.Fatalf("got %#v", err)
	}
	for _, want := range []string{"user " + e.User, e.Address, "root", "mode=0660"} {
		if !strings.Contains(e.Error(), want) {
			t.Errorf("%q is not in %q", want, e)
		}
	}
}

func TestDialToken(t *testing.T) {
	leaks(t)
	f := serve(t, func(p *peer) {
		r, _ := p.next()
		if r.Method != "rpc.auth" || string(r.Params) != `{"token":"secret"}` {
			p.refuse(string(r.ID), CodeNotAllowed, "this token is not known")
			p.end()
			return
		}
		p.answer(r, "true")
		streaming(func(p *peer, r asked) { p.finish("") })(p)
	})
	c, err := Dial(soon(t), f.address, Options{Token: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Call(soon(t), "m", nil, nil); err != nil {
		t.Error(err)
	}
	if _, err := yields[tick](t, soon(t), c, "ticks", nil); err != nil {
		t.Errorf("a stream shows it too: %v", err)
	}
	_, err = Dial(soon(t), f.address, Options{Token: "guess"})
	if e, ok := errors.AsType[*Error](err); !ok || e.Code != CodeNotAllowed || strings.Contains(err.Error(), "guess") {
		t.Errorf("another token: %v", err)
	}
}

// Every connection of a Client, a stream's too, is lowered before anything else
// is asked.
func TestDialLowered(t *testing.T) {
	leaks(t)
	f := serve(t, func(p *peer) {
		p.name = ""
		lowered := false
		for {
			r, ok := p.next()
			switch {
			case !ok:
				return
			case r.Method == "rpc.lower":
				lowered = string(r.Params) == `{"as":"ana","role":"admin"}`
				p.answer(r, `{"name":"uid 1000","role":"operate"}`)
			case !lowered:
				t.Errorf("%s was asked before rpc.lower", r.Method)
				return
			case r.Method == "daemon.hello":
				p.welcomeAs("fake", r)
			case r.Method == "log.follow":
				p.answer(r, `{"stream":1}`)
				p.say(`{"jsonrpc":"2.0","method":"log.follow","params":{"stream":1,"end":true}}`)
			default:
				p.answer(r, "true")
			}
		}
	})
	c, err := Dial(soon(t), f.address, Options{Role: "admin", As: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.Role() != "operate" {
		t.Errorf("the role that is left is %q", c.Role())
	}
	if err := c.Call(soon(t), "x", nil, nil); err != nil {
		t.Error(err)
	}
	for _, err := range Stream[any](soon(t), c, "log.follow", nil) {
		t.Error(err)
	}
	if n := f.connections(); n != 2 {
		t.Errorf("%d connections, want that of the client and one of the stream", n)
	}
}

// A daemon that cannot lower a connection gets no call on one that should be.
func TestDialNotLowered(t *testing.T) {
	leaks(t)
	f := serve(t, func(p *peer) {
		p.name = ""
		for {
			r, ok := p.next()
			if !ok {
				return
			}
			if r.Method != "rpc.lower" {
				t.Errorf("%s was asked", r.Method)
			}
			p.refuse(string(r.ID), CodeMethod, "Method not found")
		}
	})
	_, err := Dial(soon(t), f.address, Options{Role: "read"})
	if e, ok := errors.AsType[*Error](err); !ok || e.Code != CodeMethod {
		t.Errorf("dialling a daemon without rpc.lower: %v", err)
	}
	if _, err := Dial(soon(t), serve(t, silent).address, Options{As: "ana"}); err == nil || !strings.Contains(err.Error(), "Options.Role") {
		t.Errorf("As without Role: %v", err)
	}
}

// A token does not go over a network in plain text unless the address asks for
// it.
func TestDialTokenInPlainText(t *testing.T) {
	var dialled atomic.Int32
	refuse := func(context.Context, string, string) (net.Conn, error) {
		dialled.Add(1)
		return nil, errors.New("dialled")
	}
	for _, address := range []string{"tcp://192.0.2.1:1", "tcp://192.0.2.1:1?plain=no", "tcp://example.invalid:1", "tcp://[2001:db8::1]:1", "tcp://:1"} {
		_, err := Dial(soon(t), address, Options{Token: "secret"})
		if err == nil || !strings.Contains(err.Error(), "plain=yes") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", address, err)
		}
		if _, err := Dial(soon(t), address, Options{Token: "secret", DialContext: refuse}); err == nil || !strings.Contains(err.Error(), "dialled") {
			t.Errorf("%s with TLS: %v", address, err)
		}
	}
	for _, address := range []string{"tcp://192.0.2.1:1?plain=yes", "tcp://127.0.0.2:1", "tcp://[::1]:1", "tcp://localhost:1", "unix:///x"} {
		if a, err := parseAddress(address); err != nil || !a.private() {
			t.Errorf("%s: %v, %v", address, a.private(), err)
		}
	}
}

// Dialling ends with its context, and in any case.
func TestDialSilentDaemon(t *testing.T) {
	leaks(t)
	defer func(p time.Duration) { patience = p }(patience)
	f := serve(t, silent)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		_, err := Dial(ctx, f.address, Options{Token: "secret"})
		ended <- err
	}()
	for f.connections() == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := receive(t, "end of Dial", ended); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	patience = 10 * time.Millisecond
	_, err := Dial(context.Background(), f.address, Options{Token: "secret"})
	if !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "hangs") {
		t.Errorf("got %v", err)
	}
}

// A full backlog is waited for.
func TestDialBusy(t *testing.T) {
	leaks(t)
	f := serve(t, answering(func(asked) string { return "1" }))
	tries := 0
	busy := func(ctx context.Context, network, where string) (net.Conn, error) {
		if tries++; tries < 4 {
			return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EAGAIN)}
		}
		return new(net.Dialer).DialContext(ctx, network, where)
	}
	c, err := Dial(soon(t), f.address, Options{DialContext: busy})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	tries = -1 << 30
	if _, err := Dial(ctx, f.address, Options{DialContext: busy}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestDialWhoAnswers(t *testing.T) {
	leaks(t)
	for _, test := range []struct {
		said string
		ok   bool
		want string
	}{
		{`"result":{"name":"thumbs"}`, true, ""},
		{`"result":{"name":"thumbs","protocol":1,"newer":1}`, true, ""},
		{`"error":{"code":-32601,"message":"Method not found"}`, true, ""},
		{`"result":{"name":"thumbs","protocol":2}`, false, "newer version"},
		{`"result":{"name":"\u001b[31m"}`, false, "check the address"},
		{`"result":7`, false, "daemon.hello"},
		{`"result":{"name":"` + strings.Repeat("x", maxGreeting) + `"}`, false, "bytes"},
		{`"error":{"code":-32001,"message":"who are you?"}`, false, "who are you?"},
	} {
		gone := make(chan struct{})
		f := serve(t, func(p *peer) {
			p.name = ""
			r, _ := p.next()
			p.say(`{"jsonrpc":"2.0","id":%s,%s}`, r.ID, test.said)
			p.end()
			close(gone)
		})
		c, err := Dial(soon(t), f.address, Options{})
		if err == nil {
			_ = c.Close()
		}
		if (err == nil) != test.ok || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.60s: %v", test.said, err)
		}
		receive(t, "end of the connection", gone)
	}
	// A daemon that is dialled by its name must report that name.
	h := newHouse(t)
	h.daemon(h.run+"/thumbs", func(p *peer) {
		p.name = ""
		r, _ := p.next()
		p.refuse(string(r.ID), CodeMethod, "Method not found")
		p.end()
	})
	if _, err := Dial(soon(t), "thumbs", Options{}); err == nil {
		t.Error("it was taken without a name")
	}
}

// A daemon with too many connections says so, and closes, before it has read
// anything.
func TestDialTurnedAway(t *testing.T) {
	for range 50 {
		f := serve(t, func(p *peer) { p.refuse("null", CodeSystem, "too many connections") })
		_, err := Dial(soon(t), f.address, Options{})
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != CodeSystem {
			t.Fatalf("got %v", err)
		}
	}
	f := serve(t, func(p *peer) {})
	if _, err := Dial(soon(t), f.address, Options{}); !errors.Is(err, ErrClosed) && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("without a word: %v", err)
	}
}

package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// hangGuard limits steps that should be quick; it measures nothing.
const hangGuard = 30 * time.Second

// fake is a daemon for a test: it runs script for each connection, and closes
// the connection at its end.
type fake struct {
	address  string
	listener net.Listener
	mu       sync.Mutex
	conns    []net.Conn
	tasks    sync.WaitGroup
}

func serve(t *testing.T, script func(*peer)) *fake {
	return serveAt(t, "unix", filepath.Join(socketDir(t), socketName), script)
}

// socketDir is a folder whose path is short enough for a socket, whatever the
// name of the test.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "client")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // the socket must refuse other users
		t.Fatal(err)
	}
	return dir
}

func serveAt(t *testing.T, network, where string, script func(*peer)) *fake {
	t.Helper()
	l, err := net.Listen(network, where)
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{address: network + "://" + l.Addr().String(), listener: l}
	f.tasks.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.conns = append(f.conns, conn)
			f.mu.Unlock()
			f.tasks.Go(func() {
				defer conn.Close()
				script(&peer{conn: conn, in: bufio.NewReader(conn), name: "fake"})
			})
		}
	})
	t.Cleanup(f.stop)
	return f
}

// stop ends everything, and waits.
func (f *fake) stop() {
	_ = f.listener.Close()
	f.mu.Lock()
	for _, conn := range f.conns {
		_ = conn.Close()
	}
	f.mu.Unlock()
	f.tasks.Wait()
}

// connections is how many there were.
func (f *fake) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.conns)
}

// peer is a connection as the daemon sees it.
type peer struct {
	conn net.Conn
	in   *bufio.Reader
	name string // what next says to daemon.hello; "": that is for the script
}

// asked is a request.
type asked struct {
	JSONRPC string
	ID      json.RawMessage
	Method  string
	Params  json.RawMessage
	line    string
}

// next waits for a request; false when there are no more.
func (p *peer) next() (r asked, ok bool) {
	line, err := p.in.ReadString('\n')
	if err != nil || json.Unmarshal([]byte(line), &r) != nil {
		return r, false
	}
	if r.Method == "daemon.hello" && p.name != "" {
		p.welcome(r)
		return p.next()
	}
	r.line = line
	return r, true
}

// welcome answers daemon.hello.
func (p *peer) welcome(r asked) {
	p.welcomeAs(p.name, r)
	p.name = ""
}

func (p *peer) welcomeAs(name string, r asked) {
	p.answer(r, fmt.Sprintf(`{"name":%q,"version":"1.2","pid":4711,"state":"running","uptime":90.5,"protocol":1,"newer":[]}`, name))
}

// end waits until the other side has closed the connection.
func (p *peer) end() {
	for {
		if _, ok := p.next(); !ok {
			return
		}
	}
}

func (p *peer) say(format string, args ...any) {
	_, _ = fmt.Fprintf(p.conn, format+"\n", args...)
}

func (p *peer) answer(r asked, result string) {
	p.say(`{"jsonrpc":"2.0","id":%s,"result":%s}`, r.ID, result)
}

func (p *peer) refuse(id string, code int, message string) {
	p.say(`{"jsonrpc":"2.0","id":%s,"error":{"code":%d,"message":%q,"data":{"more":1}}}`, id, code, message)
}

// answering is a script that answers every request with what answer returns.
func answering(answer func(asked) string) func(*peer) {
	return func(p *peer) {
		for {
			r, ok := p.next()
			if !ok {
				return
			}
			p.answer(r, answer(r))
		}
	}
}

// named is a script of a daemon that only reports its name.
func named(name string) func(*peer) {
	return func(p *peer) {
		p.name = name
		p.end()
	}
}

// silent is a script of a process that never sends anything.
func silent(p *peer) {
	p.name = ""
	p.end()
}

// mustDial dials f, and closes the Client at the end of the test.
func mustDial(t *testing.T, f *fake) *Client {
	t.Helper()
	c, err := Dial(context.Background(), f.address, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// soon returns a context that ends when the test would hang.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), hangGuard)
	t.Cleanup(cancel)
	return ctx
}

// receive waits for a value.
func receive[T any](t *testing.T, what string, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(hangGuard):
		stacks := make([]byte, 1<<20)
		t.Fatalf("no %s\n%s", what, stacks[:runtime.Stack(stacks, true)])
	}
	return v
}

// leaks fails the test if, once its other cleanups are done, goroutines of this
// package are left.
func leaks(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		stacks := make([]byte, 1<<20)
		for end := time.Now().Add(hangGuard); ; runtime.Gosched() {
			all := string(stacks[:runtime.Stack(stacks, true)])
			left := 0
			for _, g := range strings.Split(all, "\n\n")[1:] { // the first is this one
				if strings.Contains(g, "/client.") && !strings.Contains(g, "testing.tRunner(") {
					left++
				}
			}
			if left == 0 {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%d goroutines are left:\n%s", left, all)
			}
		}
	})
}

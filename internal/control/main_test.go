package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/testkit"
)

// The test binary plays clients that are other users: started again with
// partEnv.
const (
	partEnv = "CONTROL_TEST_PART"
	hang    = 2 * time.Minute // guards against hanging only
)

var parts = map[string]func(args []string){}

func TestMain(m *testing.M) {
	if part, ok := os.LookupEnv(partEnv); ok {
		os.Unsetenv(partEnv)
		parts[part](os.Args[1:])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// play runs a part as another user, in the groups, and returns what it prints.
func play(t *testing.T, uid uint32, groups []uint32, part string, args ...string) string {
	t.Helper()
	needsRoot(t)
	c := exec.Command("/proc/self/exe", args...)
	c.Env = append(os.Environ(), partEnv+"="+part, "GORACE=atexit_sleep_ms=0")
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid, Groups: groups}}
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	guard := time.AfterFunc(hang, func() { _ = c.Process.Kill() })
	defer guard.Stop()
	if err := c.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	return out.String()
}

// checkLeaks fails the test if it leaves goroutines or descriptors behind.
func checkLeaks(t *testing.T) {
	t.Helper()
	before, files := runtime.NumGoroutine(), descriptors(t)
	t.Cleanup(func() {
		for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			after, left := runtime.NumGoroutine(), descriptors(t)
			left = slices.DeleteFunc(left, func(f string) bool { return slices.Contains(files, f) })
			if after <= before && len(left) == 0 {
				return
			}
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<20)
				t.Errorf("%d goroutines instead of %d, descriptors %v:\n%s", after, before, left, stacks[:runtime.Stack(stacks, true)])
				return
			}
		}
	})
}

func descriptors(t *testing.T) (open []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && !strings.HasPrefix(to, "/proc/") && !strings.HasPrefix(to, "anon_inode:") {
			open = append(open, e.Name()+" "+to)
		}
	}
	return open
}

// methods are those that tests call.
type methods struct {
	*rpc.Registry
	entered chan string   // told of each call of block
	release chan struct{} // lets them end
	ended   chan error    // told why each call of block, and each follow, ended
	records *journal[rpc.Record]
}

// journal is a list that many may write to.
type journal[T any] struct {
	mu  sync.Mutex
	all []T
}

func (j *journal[T]) add(one T) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = append(j.all, one)
}

func (j *journal[T]) list() []T {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.all)
}

type empty struct{}

func newMethods(rules ...Rule) *methods {
	m := &methods{entered: make(chan string, 1000), release: make(chan struct{}), ended: make(chan error, 1000), records: &journal[rpc.Record]{}}
	m.Registry = rpc.New(rpc.Options{
		Audit:        m.records.add,
		Authenticate: func(token string) (rpc.Caller, bool) { return Authenticate(rules, token) },
	})
	for _, method := range []rpc.Method{
		rpc.Typed("echo", "Echo.", rpc.Read, func(_ context.Context, v any) (any, error) { return v, nil }),
		rpc.Typed("set", "Set.", rpc.Operate, func(_ context.Context, v any) (any, error) { return v, nil }),
		rpc.Typed("big", "Big.", rpc.Read, func(_ context.Context, n int) (string, error) { return strings.Repeat("x", n), nil }),
		rpc.Typed("who", "Who.", rpc.Read, func(ctx context.Context, _ empty) (map[string]string, error) {
			c := rpc.CallerOf(ctx)
			return map[string]string{"name": c.Name, "role": c.Role.String(), "via": c.Via}, nil
		}),
		rpc.Typed("block", "Block.", rpc.Read, func(ctx context.Context, name string) (string, error) {
			m.entered <- name
			select {
			case <-m.release:
				m.ended <- nil
				return "released", nil
			case <-ctx.Done():
				m.ended <- context.Cause(ctx)
				return "", context.Cause(ctx)
			}
		}),
		rpc.Streamed("count", "Count.", rpc.Read, func(_ context.Context, n int, send func(int) error) error {
			for i := range n {
				if err := send(i); err != nil {
					return err
				}
			}
			if n == 13 {
				return errors.New("unlucky")
			}
			return nil
		}),
		rpc.Streamed("follow", "Follow.", rpc.Read, func(ctx context.Context, _ empty, send func(string) error) error {
			if err := send("begun"); err != nil {
				m.ended <- err
				return err
			}
			<-ctx.Done()
			m.ended <- context.Cause(ctx)
			return nil
		}),
		rpc.Streamed("flood", "Flood.", rpc.Read, func(_ context.Context, _ empty, send func(string) error) error {
			for {
				if err := send(strings.Repeat("x", 64<<10)); err != nil {
					m.ended <- err
					return err
				}
			}
		}),
	} {
		if err := m.Add(method); err != nil {
			panic(err)
		}
	}
	return m
}

// fixture is a server with an address.
type fixture struct {
	*Server
	*methods
	path string // of the Unix socket
	addr net.Addr
	log  testkit.Log
}

// serve starts a server at an address; "" is a Unix socket in a folder of its
// own.
func serve(t *testing.T, address string, o Options) *fixture {
	t.Helper()
	checkLeaks(t)
	if address == "" {
		address = "unix://" + filepath.Join(folder(t), "c.sock")
	}
	a, err := ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{methods: newMethods(o.Rules...), path: a.Addr}
	if o.Registry == nil {
		o.Registry = f.methods.Registry
	}
	o.Log = slog.New(slog.NewTextHandler(&f.log, nil))
	if f.Server, err = New(o); err != nil {
		t.Fatal(err)
	}
	l, err := Listen(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	f.addr = l.Addr()
	served := make(chan error, 1)
	go func() { served <- f.Serve(l, a) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), hang)
		defer cancel()
		if err := f.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(f.log.String())
		}
	})
	return f
}

// folder is one with a short path that other users may enter.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "control")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// client is a connection to a fixture.
type client struct {
	net.Conn
	t  *testing.T
	in *bufio.Reader
}

func (f *fixture) dial(t *testing.T) *client {
	t.Helper()
	return f.dialAt(t, f.addr)
}

func (f *fixture) dialAt(t *testing.T, addr net.Addr) *client {
	t.Helper()
	c, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(hang))
	return &client{Conn: c, t: t, in: bufio.NewReader(c)}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

// line returns the next line, without its end.
func (c *client) line() string {
	c.t.Helper()
	s, err := c.in.ReadString('\n')
	if err != nil {
		c.t.Fatalf("%q, then %v", s, err)
	}
	return strings.TrimSuffix(s, "\n")
}

// rest returns what comes until the server ends the connection, which is no
// reset.
func (c *client) rest() string {
	c.t.Helper()
	b, err := io.ReadAll(c.in)
	if err != nil {
		c.t.Fatalf("%q, then %v", b, err)
	}
	return string(b)
}

// halfClose says that nothing more will be sent.
func (c *client) halfClose() {
	c.t.Helper()
	if err := c.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		c.t.Fatal(err)
	}
}

// call sends a request of the line protocol, and returns the answer.
func (c *client) call(method string, params any) answer {
	c.t.Helper()
	p, err := json.Marshal(params)
	if err != nil {
		c.t.Fatal(err)
	}
	c.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`+"\n", method, p))
	return read(c.t, c.line())
}

// Requests that tests send as they are.
const (
	callSet  = `{"jsonrpc":"2.0","id":"x","method":"set","params":[1]}` + "\n"
	callEcho = `{"jsonrpc":"2.0","id":"x","method":"echo","params":[1]}` + "\n"
	callWho  = `{"jsonrpc":"2.0","id":"x","method":"who"}` + "\n"
)

func httpCall(call, fields string) string {
	return fmt.Sprintf("POST /rpc HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s", fields, len(call), call)
}

type answer struct {
	ID     any
	Result json.RawMessage
	Error  *rpc.Error
	Params struct {
		Stream int
		Item   json.RawMessage
		End    bool
		Error  *rpc.Error
	}
}

func (a answer) result() string { return string(a.Result) }

func read(t *testing.T, line string) (a answer) {
	t.Helper()
	if err := json.Unmarshal([]byte(line), &a); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return a
}

// fails fails the test unless the error has the code and says it.
func (a answer) fails(t *testing.T, code int, says string) {
	t.Helper()
	if a.Error == nil || a.Error.Code != code || !strings.Contains(a.Error.Message, says) {
		t.Fatalf("%+v, %v instead of %d, %q", a.Error, a.result(), code, says)
	}
}

// needsRoot skips a test, or a part of it, that has to be other users.
func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to be other users or to make what is theirs")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// within waits for what a channel has, but not for ever.
func within[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(hang):
		t.Fatal("it does not come")
	}
	return v
}

// eventually waits until something is true, which nothing tells.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(hang); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never " + what)
		}
	}
}

func rule(t *testing.T, kind, value string, role rpc.Role) Rule {
	t.Helper()
	r, err := NewRule(kind, value, role)
	must(t, err)
	return r
}

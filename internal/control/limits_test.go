package control

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

// bubble is a server in virtual time, whose connections are pipes.
type bubble struct {
	*Server
	*methods
	t      *testing.T
	logged *journal[string]
}

func inBubble(t *testing.T, o Options, test func(b *bubble)) {
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{methods: newMethods(o.Rules...), t: t, logged: &journal[string]{}}
		o.Registry = b.methods.Registry
		o.Log = slog.New(slog.NewTextHandler(writer(func(p []byte) { b.logged.add(string(p)) }), nil))
		var err error
		b.Server, err = New(o)
		must(t, err)
		test(b)
		must(t, b.Shutdown(t.Context()))
		synctest.Wait()
		if n := b.Stats(); n.Connections != 0 || n.Running != 0 || n.Memory != 0 || len(b.all) != 0 || b.leaving != 0 || len(b.peers) != 0 {
			t.Errorf("left: %+v, %d, %d", n, len(b.all), b.leaving)
		}
	})
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

// connect is a connection of a user.
func (b *bubble) connect(uid int) *client {
	here, there := net.Pipe()
	return b.join(uid, here, there)
}

// join is connect with both ends of a connection.
func (b *bubble) join(uid int, here, there net.Conn) *client {
	p := peer{key: fmt.Sprint("uid ", uid), uid: uid, gid: uid, pid: 1, operator: uid == 0}
	b.welcome(there, Address{Network: "unix", Addr: "/x"}, p)
	b.t.Cleanup(func() { here.Close() })
	return &client{Conn: here, t: b.t, in: bufio.NewReader(here)}
}

// ends waits until the server ends the connection, and returns what it said and
// after which time.
func (c *client) ends() (said string, after time.Duration) {
	c.t.Helper()
	begin := time.Now()
	b, _ := io.ReadAll(c.in)
	return string(b), time.Since(begin)
}

func users(t *testing.T) []Rule {
	return []Rule{rule(t, "uid", "1", rpc.Read), rule(t, "uid", "2", rpc.Read), rule(t, "uid", "3", rpc.Read)}
}

// At most so many requests run at once; more are told to come again, with their
// ids, and others still have theirs.
func TestRunning(t *testing.T) {
	inBubble(t, Options{Rules: users(t), Limits: Limits{Running: 8}}, func(b *bubble) {
		var all []*client
		for range 6 { // three quarters
			c := b.connect(1)
			c.send(`{"jsonrpc":"2.0","id":1,"method":"block","params":["a"]}` + "\n")
			<-b.entered
			all = append(all, c)
		}
		c := b.connect(1)
		c.send(`{"jsonrpc":"2.0","id":"me","method":"echo","params":[1]}` + "\n")
		if got := c.line(); !strings.HasPrefix(got, `{"jsonrpc":"2.0","error":{"code":-32400,"message":"busy`) || !strings.HasSuffix(got, `"id":"me"}`) {
			t.Error(got)
		}
		c.send(`{"jsonrpc":"2.0","method":"echo","params":[1]}` + "\n") // a notification
		c.send("[" + strings.TrimSpace(callWho) + "]\n")
		if got := c.line(); !strings.HasSuffix(got, `"id":null}`) {
			t.Error(got)
		}
		h := b.connect(1)
		go io.WriteString(h, httpCall(callWho, ""))
		if said, _ := h.ends(); !strings.HasPrefix(said, "HTTP/1.1 503 ") || !strings.Contains(said, "Retry-After: 1") {
			t.Error(said)
		}
		x := b.connect(1)
		go io.WriteString(x, xmlCall("x"))
		if said, _ := x.ends(); !strings.Contains(said, "busy") || !strings.Contains(said, "<fault>") {
			t.Error(said)
		}
		if got := b.connect(0).call("echo", []any{1}).result(); got != "1" {
			t.Error("the operator pays:", got)
		}
		// Who does not wait for long has its turn.
		late := b.connect(1)
		late.send(`{"jsonrpc":"2.0","id":7,"method":"echo","params":[1]}` + "\n")
		synctest.Wait()
		close(b.release)
		if got := late.line(); got != `{"jsonrpc":"2.0","result":1,"id":7}` {
			t.Error(got)
		}
		for _, c := range all {
			c.line()
		}
		if got := c.call("echo", []any{1}).result(); got != "1" {
			t.Error(got)
		}
	})
}

// Large requests have a limit in common. Small ones are answered beside them.
func TestMemory(t *testing.T) {
	inBubble(t, Options{Rules: users(t), Limits: Limits{Memory: 4 << 20}}, func(b *bubble) {
		large := `{"jsonrpc":"2.0","id":1,"method":"echo","params":["` + strings.Repeat("x", 3<<19)
		first, second := b.connect(1), b.connect(1)
		first.send(large)
		go io.WriteString(second, large)
		if said, after := second.ends(); !strings.Contains(said, "busy") || after != 0 {
			t.Error(said, after)
		}
		if got := b.connect(1).call("echo", []any{strings.Repeat("x", 60000)}).result(); len(got) != 60002 {
			t.Error(len(got))
		}
		other := b.connect(2)
		go io.WriteString(other, large+"\"]}\n")
		if got := other.line(); len(got) < 3<<19 {
			t.Error(got)
		}
		go io.WriteString(first, "\"]}\n")
		if got := first.line(); len(got) < 3<<19 {
			t.Error(got)
		}
		// Answers that no client reads count too.
		stuck := b.connect(1)
		stuck.send(`{"jsonrpc":"2.0","id":1,"method":"big","params":[2000000]}` + "\n")
		synctest.Wait()
		c := b.connect(1)
		c.send(`{"jsonrpc":"2.0","id":5,"method":"big","params":[2000000]}` + "\n")
		if got := c.line(); !strings.Contains(got, `"code":-32400`) || !strings.HasSuffix(got, `"id":5}`) {
			t.Error(got[:min(len(got), 200)])
		}
	})
}

func TestShare(t *testing.T) {
	s := share{total: 100, each: 60, reserve: 10}
	boss := peer{key: "boss", operator: true}
	random := rand.New(rand.NewPCG(1, 2))
	held := map[string][]int{}
	for range 10000 {
		p := peer{key: fmt.Sprint(random.IntN(4))}
		if random.IntN(5) == 0 {
			p = boss
		}
		sum, all := 0, 0
		for key, list := range held {
			for _, n := range list {
				all += n
				if key == p.key {
					sum += n
				}
			}
		}
		if s.taken() != all {
			t.Fatal(s.taken(), all)
		}
		if list := held[p.key]; len(list) > 0 && random.IntN(2) == 0 {
			s.give(p, list[0])
			held[p.key] = list[1:]
			continue
		}
		n := random.IntN(40)
		total := 90
		if p.operator {
			total = 100
		}
		want := all+n <= total && sum+n <= 60
		if got := s.take(p, n); got != want {
			t.Fatal(p, n, sum, all, got)
		} else if got {
			held[p.key] = append(held[p.key], n)
		}
	}
}

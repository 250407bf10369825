package control

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
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
	p := peer{key: fmt.Sprint("uid ", uid), uid: uid, gid: uid, pid: 1, operator: uid == 0}
	b.welcome(there, Address{Network: "unix", Addr: "/x"}, p)
	b.t.Cleanup(func() { here.Close() })
	return &client{Conn: here, t: b.t, in: bufio.NewReader(here)}
}

// ends waits until the server ends the connection, and returns what it said and after which time.
func (c *client) ends() (said string, after time.Duration) {
	c.t.Helper()
	begin := time.Now()
	b, _ := io.ReadAll(c.in)
	return string(b), time.Since(begin)
}

func users(t *testing.T) []Rule {
	return []Rule{rule(t, "uid", "1", rpc.Read), rule(t, "uid", "2", rpc.Read), rule(t, "uid", "3", rpc.Read)}
}

func TestDeadlines(t *testing.T) {
	token := rule(t, "token", secret, rpc.Read)
	for name, c := range map[string]struct {
		uid   int
		text  string
		says  string
		after time.Duration
	}{
		"nothing":              {0, "", "", 10 * time.Second},
		"white space":          {0, "\n\n", "", 10 * time.Second},
		"half a line":          {0, `{"jsonrpc":`, `"code":-32400,"message":"the request did not come completely within 10s"`, 10 * time.Second},
		"half a head":          {0, "GET / HT", "HTTP/1.1 408 ", 10 * time.Second},
		"half a body":          {0, "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\nabc", "HTTP/1.1 408 ", 10 * time.Second},
		"half a chunk":         {0, "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "HTTP/1.1 408 ", 10 * time.Second},
		"half a document":      {0, "<methodCall>", "did not come completely", 10 * time.Second},
		"half a stranger":      {1, `{"jsonrpc":`, "did not come completely", 10 * time.Second},
		"a stranger's silence": {1, strings.Repeat("\n", 64), "", 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Options{Rules: []Rule{token}}, func(b *bubble) {
				cl := b.connect(c.uid)
				cl.send(c.text)
				said, after := cl.ends()
				if c.says == "" && said != "" || !strings.Contains(said, c.says) || after != c.after {
					t.Errorf("%q after %v", said, after)
				}
			})
		})
	}
}

// A byte now and then does not keep a request alive.
func TestDripping(t *testing.T) {
	inBubble(t, Options{}, func(b *bubble) {
		c := b.connect(0)
		begin := time.Now()
		go func() {
			for {
				if _, err := c.Write([]byte("x")); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		if said, _ := c.ends(); !strings.Contains(said, "did not come completely") || time.Since(begin) != 10*time.Second {
			t.Error(said, time.Since(begin))
		}
		time.Sleep(time.Second) // the writer ends too
	})
}

// Idle HTTP connections end after a minute, without a word; those of the line protocol stay.
func TestIdle(t *testing.T) {
	inBubble(t, Options{}, func(b *bubble) {
		c := b.connect(0)
		c.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		said, after := c.ends()
		if after != time.Minute || strings.Count(said, "HTTP/1.1") != 1 {
			t.Error(after, said)
		}
		l := b.connect(0)
		for range 3 {
			if got := l.call("echo", []any{1}).result(); got != "1" {
				t.Error(got)
			}
			time.Sleep(24 * time.Hour)
		}
	})
}

// Who does not read is closed once nothing moves for ten seconds; who reads slowly is not.
func TestSlowReader(t *testing.T) {
	inBubble(t, Options{}, func(b *bubble) {
		stuck := b.connect(0)
		stuck.send(`{"jsonrpc":"2.0","id":1,"method":"big","params":[1000000]}` + "\n")
		begin := time.Now()
		for b.Stats().Connections > 0 {
			time.Sleep(time.Second)
		}
		if d := time.Since(begin); d < 10*time.Second || d > 12*time.Second {
			t.Error(d)
		}
		slow := b.connect(0)
		slow.send(`{"jsonrpc":"2.0","id":1,"method":"big","params":[1000000]}` + "\n")
		got := 0
		for got < 1000000 {
			n, err := slow.Read(make([]byte, 64<<10))
			if err != nil {
				t.Fatal(got, err)
			}
			got += n
			time.Sleep(4 * time.Second)
		}
	})
}

// One peer has no more than its share, and its own idle connections make room for its new ones: those that never asked for
// anything first, then the one that is silent for longest.
func TestConnectionsPerPeer(t *testing.T) {
	inBubble(t, Options{Rules: users(t), Limits: Limits{PerPeer: 4}}, func(b *bubble) {
		oldest := b.connect(1)
		oldest.call("echo", []any{1})
		time.Sleep(time.Second)
		quiet := b.connect(1)
		time.Sleep(time.Second)
		half := b.connect(1)
		half.send(`{"jsonrpc"`)
		time.Sleep(time.Second)
		younger := b.connect(1)
		younger.call("echo", []any{1})
		elsewhere := b.connect(2)
		time.Sleep(time.Second)

		b.connect(1).call("echo", []any{1})
		if said, after := quiet.ends(); said != "" || after != 0 {
			t.Errorf("%q %v", said, after)
		}
		time.Sleep(time.Second)
		b.connect(1).call("echo", []any{1})
		if said, after := half.ends(); !strings.Contains(said, `"code":-32400`) || after != 0 {
			t.Errorf("%q %v", said, after)
		}
		time.Sleep(time.Second)
		last := b.connect(1)
		last.call("echo", []any{1})
		if said, after := oldest.ends(); !strings.Contains(said, "idle for longest") || after != 0 {
			t.Errorf("%q %v", said, after)
		}
		for _, c := range []*client{younger, elsewhere, last} {
			if got := c.call("echo", []any{1}).result(); got != "1" {
				t.Error(got)
			}
		}
		if n := b.Stats(); n.Evicted != 3 || n.Connections != 5 {
			t.Errorf("%+v", n)
		}
	})
}

// A peer that connects again and again is served at its pace; the others, and
// operators, notice nothing of it.
func TestConnectionsPerSecond(t *testing.T) {
	const rate = 10
	told := 0
	count := func(Client) { told++ }
	inBubble(t, Options{Rules: users(t), Connected: count, Limits: Limits{PerSecond: rate}}, func(b *bubble) {
		served := func(uid, connects int) (n int) {
			for range connects {
				c := b.connect(uid)
				if _, err := c.Write([]byte("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"who\"}\n")); err == nil {
					if _, err := c.in.ReadString('\n'); err == nil {
						n++
					}
				}
				must(t, c.Close())
				synctest.Wait()
			}
			return n
		}
		if n := served(1, 1000); n != 2*rate {
			t.Errorf("%d of 1000 connections were served at once", n)
		}
		for range 10 {
			time.Sleep(time.Second)
			if n := served(1, 100); n != rate {
				t.Errorf("%d were served in a second", n)
			}
		}
		if n := served(2, 1) + served(3, 2*rate); n != 1+2*rate {
			t.Errorf("of other peers %d were served", n)
		}
		if n := served(0, 5*rate); n != 5*rate {
			t.Errorf("of an operator %d were served", n)
		}
		if want := 2*rate + 10*rate + 1 + 2*rate + 5*rate; told != want {
			t.Errorf("%d clients were told of, not %d", told, want)
		}
		if s := b.Stats(); s.Refused != 1000-2*rate+10*(100-rate) {
			t.Errorf("%+v", s)
		}
		if lines := len(b.logged.list()); lines > complaintMost+2 {
			t.Errorf("%d lines are in the log", lines)
		}
	})
}

// So many peers that each cannot have a pace of its own share one.
func TestPaceOfManyPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pace{step: time.Second, burst: 2, due: map[string]time.Time{}}
		served := 0
		for i := range 10 * pacedMost {
			if p.take(fmt.Sprint(i)) {
				served++
			}
		}
		if served != pacedMost+2 || len(p.due) > pacedMost+1 {
			t.Errorf("%d were served, %d are remembered", served, len(p.due))
		}
		time.Sleep(2 * time.Second)
		if !p.take("new") || len(p.due) != 1 {
			t.Errorf("%d are remembered for nothing", len(p.due))
		}
	})
}

// What executes something or streams is not closed in favour of others: these are refused, in their protocol.
func TestConnectionsAllBusy(t *testing.T) {
	inBubble(t, Options{Rules: users(t), Limits: Limits{PerPeer: 3}}, func(b *bubble) {
		call, events, stream := b.connect(1), b.connect(1), b.connect(1)
		go io.WriteString(call, `{"jsonrpc":"2.0","id":1,"method":"block","params":["a"]}`+"\n")
		events.send("GET /stream/follow HTTP/1.1\r\nHost: x\r\n\r\n")
		for !strings.Contains(events.line(), "begun") {
		}
		stream.call("follow", empty{})
		stream.line()
		<-b.entered
		synctest.Wait()
		for text, says := range map[string]string{
			callWho: `"code":-32400,"message":"there are too many connections`,
			"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n": "HTTP/1.1 503 Service Unavailable\r\n",
			"<methodCall>": "<fault>",
			"":             "",
		} {
			c := b.connect(1)
			go io.WriteString(c, text)
			if said, _ := c.ends(); !strings.Contains(said, says) || says == "" && said != "" {
				t.Errorf("%q: %q", text, said)
			}
		}
		if got := b.connect(2).call("echo", []any{1}).result(); got != "1" {
			t.Error("another one pays:", got)
		}
		close(b.release)
		go io.Copy(io.Discard, events)
		go io.Copy(io.Discard, stream)
		call.line()
	})
}

// However many connect and do nothing, an operator gets in, and so does another user: the greediest pays.
func TestConnectionsFull(t *testing.T) {
	limits := Limits{Connections: 20, PerPeer: 16, Reserve: 4}
	inBubble(t, Options{Rules: users(t), Limits: limits}, func(b *bubble) {
		modest := b.connect(2)
		modest.call("echo", []any{1})
		for range 40 {
			b.connect(1)
			time.Sleep(time.Millisecond)
		}
		if n := b.Stats().Connections; n != 16 {
			t.Error(n)
		}
		if got := b.connect(3).call("echo", []any{1}).result(); got != "1" {
			t.Error(got)
		}
		if got := modest.call("echo", []any{1}).result(); got != "1" {
			t.Error("the modest one was closed")
		}
		for range 6 {
			if got := b.connect(0).call("echo", []any{1}).result(); got != "1" {
				t.Error(got)
			}
		}
		if n := b.Stats().Connections; n > 20 {
			t.Error(n)
		}
	})
}

// What strangers hold open does not close an operator's connection, nor keep it out.
func TestOperatorIsNotEvicted(t *testing.T) {
	limits := Limits{Connections: 20, PerPeer: 16, Reserve: 4}
	inBubble(t, Options{Rules: users(t), Limits: limits}, func(b *bubble) {
		var operators []*client
		for range 16 {
			c := b.connect(0)
			c.call("echo", []any{1})
			operators = append(operators, c)
		}
		for range 3 {
			b.connect(1).ends()
		}
		for _, c := range operators {
			if got := c.call("echo", []any{1}).result(); got != "1" {
				t.Error(got)
			}
		}
	})
}

// At most so many requests run at once; more are told to come again, with their ids, and others still have theirs.
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
		// Answers that nobody takes count too.
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

// What is left out of the log is counted, and the count is not forgotten.
func TestComplaints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said journal[string]
		c := complaints{log: slog.New(slog.NewTextHandler(writer(func(p []byte) { said.add(string(p)) }), nil))}
		for i := range 1000 {
			c.say("refused", "n", i)
		}
		if n := len(said.list()); n != complaintMost {
			t.Error(n)
		}
		time.Sleep(complaintSpan)
		synctest.Wait()
		if all := said.list(); !strings.Contains(all[len(all)-1], "left_out=980") || len(all) != complaintMost+1 {
			t.Error(all[len(all)-1])
		}
		time.Sleep(time.Second)
		c.say("refused")
		if all := said.list(); len(all) != complaintMost+2 {
			t.Error(all)
		}
		for range complaintMost {
			c.say("refused")
		}
		c.flush()
		if all := said.list(); !strings.Contains(all[len(all)-1], "left_out=1") {
			t.Error(all[len(all)-1])
		}
		time.Sleep(2 * complaintSpan)
	})
}

// Connected and Closed are called once each, in this order, for those who may use something.
func TestConnectedClosed(t *testing.T) {
	var mu sync.Mutex
	state := map[uint64]int{}
	o := Options{Rules: append(users(t), rule(t, "token", "t:"+secret, rpc.Admin))}
	var seen journal[Client]
	o.Connected = func(c Client) { mu.Lock(); defer mu.Unlock(); state[c.ID]++; seen.add(c) }
	o.Closed = func(c Client) { mu.Lock(); defer mu.Unlock(); state[c.ID] *= 10 }
	inBubble(t, o, func(b *bubble) {
		b.connect(1).call("echo", []any{1})
		h := b.connect(2)
		h.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		h.line()
		b.connect(99).send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") // a stranger
		b.connect(99).send("{}\n")
		b.connect(1) // says nothing
		tk := b.connect(98)
		tk.call("rpc.auth", []any{secret})
		synctest.Wait()
		if all := b.Clients(); len(all) != 3 || all[0].Proto != "json" || all[1].Proto != "http" || all[2].Name != "token t" || all[2].Role != rpc.Admin || all[2].UID != 98 {
			t.Errorf("%+v", all)
		}
		for _, c := range []*client{h, tk} {
			c.Close()
		}
	})
	mu.Lock()
	defer mu.Unlock()
	if len(state) != 3 || len(seen.list()) != 3 {
		t.Error(state, seen.list())
	}
	for id, n := range state {
		if n != 10 {
			t.Error(id, n)
		}
	}
}

package control

import (
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

// One peer has no more than its share, and its own idle connections make room
// for its new ones: those that never asked for anything first, then the one
// that is silent for longest.
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

// What executes something or streams is not closed in favour of others: these
// are refused, in their protocol.
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
			"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n": "HTTP/1.1 503 Service Unavailable: there are too many connections: ",
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

// However many connect and do nothing, an operator gets in, and so does another
// user: the greediest pays.
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

// What strangers hold open does not close an operator's connection, nor keep it
// out.
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

// Connected and Closed are called once each, in this order, for clients that
// may use something.
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
		if all := greeted(b.Server); len(all) != 3 || all[0].Proto != "json" || all[1].Proto != "http" || all[2].Name != "token t" || all[2].Role != rpc.Admin || all[2].UID != 98 {
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

// greeted returns the clients that may use something, the oldest first.
func greeted(s *Server) (all []Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.greeted {
			all = append(all, c.client)
		}
	}
	slices.SortFunc(all, func(a, b Client) int { return int(a.ID) - int(b.ID) })
	return all
}

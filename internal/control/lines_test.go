package control

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

func TestLines(t *testing.T) {
	f := serve(t, "", Options{})
	c := f.dial(t)
	if got := c.call("echo", []any{"x"}).result(); got != `"x"` {
		t.Error(got)
	}
	c.send("\n \r\n\t\n" + `{"jsonrpc":"2.0","method":"echo","params":["not answered"]}` + "\r\n" + `{"jsonrpc":"2.0","id":"a","method":"echo","params":[2]}` + "\r\n")
	if got := c.line(); got != `{"jsonrpc":"2.0","result":2,"id":"a"}` {
		t.Error(got)
	}
	c.send(`[{"jsonrpc":"2.0","id":1,"method":"echo","params":[1]},{"jsonrpc":"2.0","id":2,"method":"echo","params":[2]}]` + "\n")
	if got := c.line(); got != `[{"jsonrpc":"2.0","result":1,"id":1},{"jsonrpc":"2.0","result":2,"id":2}]` {
		t.Error(got)
	}
	who := read(t, `{"result":`+c.call("who", empty{}).result()+"}").result()
	for _, want := range []string{fmt.Sprintf("uid %d pid %d", os.Getuid(), os.Getpid()), `"admin"`, f.path} {
		if !strings.Contains(who, want) {
			t.Errorf("%s without %s", who, want)
		}
	}
	c.send("this is no JSON\n")
	read(t, c.line()).fails(t, rpc.CodeParse, "Parse error")
	if got := c.call("echo", []any{"still there"}).result(); got != `"still there"` {
		t.Error(got)
	}
}

// Many requests at once, written in pieces of any size, are answered in order.
func TestLinesInPieces(t *testing.T) {
	f := serve(t, "", Options{})
	c := f.dial(t)
	var all strings.Builder
	for i := range 200 {
		fmt.Fprintf(&all, `{"jsonrpc":"2.0","id":%d,"method":"echo","params":[%q]}`+"\n", i, strings.Repeat("y", i*i))
	}
	go func() {
		for rest, size := all.String(), 1; rest != ""; size = size%5000 + 7 {
			n := min(size, len(rest))
			if _, err := c.Write([]byte(rest[:n])); err != nil {
				t.Error(err)
				return
			}
			rest = rest[n:]
		}
	}()
	for i := range 200 {
		if a := read(t, c.line()); a.ID != float64(i) || len(a.Result) != i*i+2 {
			t.Fatal(i, a.ID, len(a.Result))
		}
	}
}

// As printf … | nc -N -U does: what was asked before the end is answered, the
// last line without its line feed too.
func TestLinesEndOfInput(t *testing.T) {
	for _, address := range []string{"", "tcp://127.0.0.1:0?anyone=admin"} {
		f := serve(t, address, Options{})
		c := f.dial(t)
		c.send(`{"jsonrpc":"2.0","id":1,"method":"block","params":["a"]}` + "\n" + `{"jsonrpc":"2.0","id":2,"method":"echo","params":["last"]}`)
		c.halfClose()
		within(t, f.entered)
		close(f.release)
		if got := c.rest(); got != `{"jsonrpc":"2.0","result":"released","id":1}`+"\n"+`{"jsonrpc":"2.0","result":"last","id":2}`+"\n" {
			t.Error(got)
		}
	}
}

func TestLineStreams(t *testing.T) {
	f := serve(t, "", Options{})
	c := f.dial(t)
	if got := c.call("count", []any{3}).result(); got != `{"stream":1}` {
		t.Fatal(got)
	}
	for i := range 3 {
		if a := read(t, c.line()); string(a.Params.Item) != fmt.Sprint(i) || a.Params.Stream != 1 {
			t.Error(i, a)
		}
	}
	if a := read(t, c.line()); !a.Params.End || a.Params.Error != nil {
		t.Error(a)
	}
	// Beside a stream requests are answered.
	c.call("follow", empty{})
	c.line() // begun
	if got := c.call("echo", []any{1}).result(); got != "1" {
		t.Error(got)
	}
	c.Close()
	if err := within(t, f.ended); err == nil {
		t.Error("it goes on")
	}
}

// Streams go on after the client has said that it will not ask any more: nc -N
// is such a client. The connection ends with the last of them, or with the
// client.
func TestLineStreamsAfterEndOfInput(t *testing.T) {
	f := serve(t, "", Options{})
	finite := f.dial(t)
	finite.send(`{"jsonrpc":"2.0","id":1,"method":"count","params":[2]}` + "\n" + `{"jsonrpc":"2.0","id":1,"method":"count","params":[13]}` + "\n")
	finite.halfClose()
	got := finite.rest()
	if strings.Count(got, `"end":true`) != 2 || strings.Count(got, "unlucky") != 1 {
		t.Error(got)
	}
	endless := f.dial(t)
	endless.send(`{"jsonrpc":"2.0","id":1,"method":"follow"}` + "\n")
	endless.halfClose()
	endless.line()
	if got := endless.line(); !strings.Contains(got, "begun") {
		t.Error(got)
	}
	select {
	case err := <-f.ended:
		t.Error("it has ended:", err)
	default:
	}
	endless.Close()
	within(t, f.ended)
}

// A call ends when its caller no longer waits.
func TestLinesClientGone(t *testing.T) {
	for _, address := range []string{"", "tcp://127.0.0.1:0?anyone=admin"} {
		f := serve(t, address, Options{})
		c := f.dial(t)
		c.send(`{"jsonrpc":"2.0","id":1,"method":"block","params":["a"]}` + "\n")
		within(t, f.entered)
		if tcp, ok := c.Conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset: the end alone could be one of input
		}
		c.Close()
		if err := within(t, f.ended); err != errGone {
			t.Error(err)
		}
	}
}

func TestLineTooLong(t *testing.T) {
	f := serve(t, "", Options{})
	c := f.dial(t)
	c.send(`{"jsonrpc":"2.0","id":1,"method":"echo","params":["` + strings.Repeat("x", 4<<20))
	c.send("\"]}\n")
	got := read(t, c.rest())
	got.fails(t, rpc.CodeSystem, "larger than 4194304 bytes")
}

// The largest request that is allowed is answered.
func TestLineAsLongAsPossible(t *testing.T) {
	f := serve(t, "", Options{})
	c := f.dial(t)
	request := `{"jsonrpc":"2.0","id":1,"method":"echo","params":["`
	request += strings.Repeat("x", 4<<20-len(request)-3) + `"]}`
	go c.Write([]byte(request + "\n"))
	if a := read(t, c.line()); len(a.Result) < 4<<20-100 {
		t.Error(len(a.Result), a.Error)
	}
	eventually(t, "is the memory free", func() bool { return f.Stats().Memory == 0 })
}

// What counts as a stream is a stream, not an item that reads like the answer
// to a request for one.
func TestItemThatReadsLikeAStream(t *testing.T) {
	f := serve(t, "", Options{})
	c := f.dial(t)
	if got := c.call("echo", []any{map[string]any{"stream": 1}}).result(); got != `{"stream":1}` {
		t.Fatal(got)
	}
	f.Server.mu.Lock()
	defer f.Server.mu.Unlock()
	for c := range f.conns {
		if n := c.session.Streams(); n != 0 {
			t.Errorf("it counts as %d streams", n)
		}
	}
}

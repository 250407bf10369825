package control

import (
	"bufio"
	"runtime"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

// tooDeep and tooMany are requests that are refused for what is at their
// beginning, whatever follows.
var (
	tooDeep = strings.Repeat("[", 4<<20)
	tooMany = "[" + strings.Repeat(callOne+",", 4<<20/(len(callOne)+1)-1) + callOne + "]"
)

const callOne = `{"jsonrpc":"2.0","id":1,"method":"who"}`

// A large request that is refused costs no more memory than its beginning; one
// that is not is kept whole. Both are read to the end.
func TestMemoryOfRefused(t *testing.T) {
	for _, one := range []struct {
		name, text string
		kept       bool
	}{
		{"deep", tooDeep, false},
		{"many", tooMany, false},
		{"good", `["` + strings.Repeat("x", 3<<20) + `"]`, true},
	} {
		for _, line := range []bool{false, true} {
			g, conn := newGather(1 << 30)
			in := bufio.NewReader(strings.NewReader(one.text + "\nnext"))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if line {
				must(t, g.line(in))
			} else {
				must(t, g.read(in, len(one.text)))
			}
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; !one.kept && used > 6*freeMemory {
				t.Errorf("%s: %d bytes were allocated", one.name, used)
			}
			if one.kept != (string(g.bytes) == one.text) || g.size != len(one.text) || !strings.HasPrefix(one.text, string(g.bytes)) {
				t.Errorf("%s: %d of %d bytes are kept", one.name, len(g.bytes), g.size)
			}
			if r := conn.server.options.Registry; string(r.JSON(t.Context(), g.bytes)) != string(r.JSON(t.Context(), []byte(one.text))) {
				t.Errorf("%s: what is kept is answered with %s", one.name, r.JSON(t.Context(), g.bytes))
			}
			if rest, _ := in.ReadString(0); strings.TrimSpace(rest) != "next" {
				t.Errorf("%s: %q follows", one.name, rest)
			}
		}
	}
}

// The pieces in which a refused request comes are counted, and need no memory.
func TestPiecesOfRefused(t *testing.T) {
	g, _ := newGather(1 << 40)
	g.limit = 1 << 40
	must(t, g.add([]byte(tooDeep)))
	piece := []byte(tooDeep[:4096])
	if n := testing.AllocsPerRun(1000, func() { must(t, g.add(piece)) }); n != 0 {
		t.Errorf("%v allocations for a piece", n)
	}
	g.limit = g.size + 1
	if err := g.add(piece); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Error(err)
	}
}

// newGather collects JSON at the given pace, in bytes a second.
func newGather(pace int) (gather, *conn) {
	memory := &share{total: 64 << 20, each: 64 << 20}
	c := &conn{server: &Server{options: Options{Registry: newMethods().Registry}, limits: Limits{}.filled()}}
	c.server.large, c.server.waste = flow{rate: pace, burst: largeBurst}, flow{rate: pace, burst: largeBurst}
	return c.gather(&room{share: memory}, 4<<20, true), c
}

// A refused line costs its client the line, not the connection.
func TestLineAfterRefused(t *testing.T) {
	f := serve(t, "", Options{})
	c := f.dial(t)
	for _, text := range []string{tooDeep, tooMany} {
		c.send(text + "\n")
		if got := read(t, c.line()); got.Error == nil || got.Error.Code != rpc.CodeRequest && got.Error.Code != rpc.CodeSystem {
			t.Errorf("%+v", got)
		}
		if got := c.call("echo", []any{1}).result(); got != "1" {
			t.Error(got)
		}
	}
}

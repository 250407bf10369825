package legion_test

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
)

// followDeaf follows the log of a daemon, and reads no more than the answer.
func followDeaf(t *testing.T, c *controlled) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", c.path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(conn, `{"jsonrpc":"2.0","id":1,"method":"log.follow","params":{"lines":0}}`); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, len(`{"jsonrpc":"2.0","id":1,"result":{"stream":1}}`))
	if _, err := conn.Read(answer); err != nil || !strings.Contains(string(answer), `"stream":1`) {
		t.Fatalf("%s %v", answer, err)
	}
	return conn
}

// flood logs the given number of records, of 4 KiB each.
func flood(c *controlled, records int) {
	long := strings.Repeat("x", 4<<10)
	for i := range records {
		c.d.Logger().Info("flood", "n", i, "long", long)
	}
}

// A client that follows the log and does not read costs the daemon some memory
// and the other clients nothing.
func TestControlFloodOfTheLog(t *testing.T) {
	c := newControlled(t, func(conf *legion.Config) { conf.Logger = quiet("").Logger })
	c.start()
	for range 4 {
		deaf := followDeaf(t, c)
		defer deaf.Close()
	}
	cl := c.dial()
	const records = 20_000 // 80 MiB
	flood(c, 2000)
	before := heap()
	flood(c, records)
	if grown := int(heap()) - int(before); grown > 16<<20 {
		t.Errorf("after %d records the daemon has %d KiB more", records, grown>>10)
	}
	if s := ask[status.Daemon](t, cl, "daemon.status", nil); s.Log.Written < records {
		t.Errorf("%d records were written", s.Log.Written)
	}
	c.must(t, deed{What: "pid"})
	if last := ask[[]logLine](t, cl, "log.tail", args{"lines": 1}); len(last) != 1 || last[0].Message != "flood" {
		t.Errorf("log.tail: %.200v", last)
	}
	if all := ask[[]logLine](t, cl, "log.tail", args{"lines": 1000}); len(all) > 150 {
		t.Errorf("%d records of 4 KiB each are remembered", len(all))
	}
	// Another one that follows sees everything, or is told what is missing.
	next, ended := make(chan struct{}), make(chan struct{})
	defer func() { <-ended }()
	go func() {
		defer close(ended)
		for {
			select {
			case <-next:
				return
			case <-time.After(time.Millisecond):
				c.d.Logger().Info("here")
			}
		}
	}()
	for l, err := range client.Stream[logLine](t.Context(), cl, "log.follow", args{"lines": 0}) {
		if err != nil {
			t.Error(err)
		} else if l.Message == "here" {
			break
		}
	}
	close(next)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

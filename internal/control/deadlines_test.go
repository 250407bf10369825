package control

import (
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

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
		"half a line":          {0, `{"jsonrpc":`, `"code":-32400,"message":"the request was not complete within 10s"`, 10 * time.Second},
		"half a head":          {0, "GET / HT", "HTTP/1.1 408 ", 10 * time.Second},
		"half a body":          {0, "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\nabc", "HTTP/1.1 408 ", 10 * time.Second},
		"half a chunk":         {0, "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "HTTP/1.1 408 ", 10 * time.Second},
		"half a document":      {0, "<methodCall>", "was not complete within", 10 * time.Second},
		"half a stranger":      {1, `{"jsonrpc":`, "was not complete within", 10 * time.Second},
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
		if said, _ := c.ends(); !strings.Contains(said, "was not complete within") || time.Since(begin) != 10*time.Second {
			t.Error(said, time.Since(begin))
		}
		time.Sleep(time.Second) // the writer ends too
	})
}

// Idle HTTP connections end after a minute, without a word; those of the line
// protocol stay.
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

// Who does not read is closed once nothing moves for ten seconds; who reads
// slowly is not.
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

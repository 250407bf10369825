package control

import (
	"encoding/base64"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A client that waits for a greeting, or speaks what older daemons spoke, is
// noticed: in the log, once a minute.
func TestHints(t *testing.T) {
	frame := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) + "\r\n" }
	inBubble(t, Options{}, func(b *bubble) {
		hints := func(text string) int { return strings.Count(strings.Join(b.logged.list(), ""), text) }
		silent := func(leave time.Duration) {
			c := b.connect(0)
			if leave > 0 {
				time.Sleep(leave)
				c.Close()
				synctest.Wait()
				return
			}
			c.ends()
		}
		silent(time.Second / 2) // a probe
		if n := hints(silentHint); n != 0 {
			t.Errorf("%d hints about one that has just looked", n)
		}
		silent(5 * time.Second)
		silent(0)
		if n := hints(silentHint); n != 1 {
			t.Errorf("%d hints about silence, want 1", n)
		}
		time.Sleep(time.Minute)
		silent(0)
		if n := hints(silentHint); n != 2 {
			t.Errorf("%d hints about silence, want 2", n)
		}
		for _, text := range []string{`s:40:"{"jsonrpc":"2.0","method":"worker.list"}";`, `a:1:{i:0;s:1:"x";}`, `O:8:"stdClass":0:{}`} {
			c := b.connect(0)
			c.send(frame(text))
			if said, _ := c.ends(); !strings.Contains(said, errFramed.text) {
				t.Errorf("%s is answered with %q", text, said)
			}
		}
		if n := hints(framedHint); n != 1 {
			t.Errorf("%d hints about frames, want 1", n)
		}
		for _, other := range []string{"rubbish\n", "cmVhbGx5IG5vdA==\n"} {
			c := b.connect(0)
			c.send(other)
			if said := c.line(); strings.Contains(said, errFramed.text) {
				t.Errorf("%q is answered with %q", other, said)
			}
			c.Close()
			synctest.Wait()
		}
	})
}

package control

import (
	"io"
	"math"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Clients that send much are read at a bounded pace together, each as fast as
// the others, whether they are refused or not, and while one sends or when it
// ends. A client that sends little has its answer before any of them has a
// second turn.
func TestFlow(t *testing.T) {
	const pace, crowd = 4 << 20, 8
	web := "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n"
	refused := map[string]bool{"deep line": true, "deep web": true, "too large": true, "long head": true}
	for name, text := range map[string]string{
		"deep line":   tooDeep,
		"good line":   `["` + strings.Repeat("x", 3<<20),
		"deep web":    web + tooDeep,
		"good web":    web + `["` + strings.Repeat("x", 3<<20),
		"too large":   strings.Replace(web, "4000000", "40000000", 1) + tooDeep,
		"long head":   "GET / HTTP/1.1\r\nX: " + tooDeep,
		"XML":         "<methodCall>" + strings.Repeat(" ", 3<<20),
		"many chunks": strings.Replace(web, "Content-Length: 4000000", "Transfer-Encoding: chunked", 1) + strings.Repeat("400\r\n"+strings.Repeat(" ", 1024)+"\r\n", 3<<10),
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Options{Rules: users(t), Limits: Limits{Large: pace}}, func(b *bubble) {
				var sent [crowd]atomic.Int64
				all, before := [crowd]*client{}, [crowd]int64{}
				for i := range crowd {
					here, there := net.Pipe()
					c := b.join(1, here, halfPipe{there})
					all[i] = c
					go io.Copy(io.Discard, c.in)
					go func() {
						for rest := text; len(rest) >= 1024; rest = rest[1024:] {
							if _, err := io.WriteString(c, rest[:1024]); err != nil {
								return
							}
							sent[i].Add(1024) // a pipe holds nothing: they were read
						}
					}()
				}
				synctest.Wait()
				for i := range crowd {
					before[i] = sent[i].Load()
				}
				healthy := b.connect(1)
				healthy.send(callOne + "\n")
				if got := healthy.line(); !strings.Contains(got, `"result"`) {
					t.Error(got)
				}
				for i := range crowd {
					if sent[i].Load() != before[i] {
						t.Error("another client had a turn meanwhile")
					}
				}
				time.Sleep(time.Second)
				synctest.Wait()
				least, most, sum := int64(math.MaxInt64), int64(0), int64(0)
				for i := range crowd {
					done := sent[i].Load() - before[i]
					least, most, sum = min(least, done), max(most, done), sum+done
				}
				want := int64(pace)
				if refused[name] {
					want /= 2
				}
				if sum < want-crowd*flowStep || sum > want+crowd*flowStep || most > least+2*flowStep {
					t.Errorf("%d bytes were read in a second, of each client %d to %d", sum, least, most)
				}
				for _, c := range all {
					c.Close()
				}
			})
		})
	}
}

// halfPipe is a pipe whose server may end its half, as that of a socket.
type halfPipe struct{ net.Conn }

func (halfPipe) CloseWrite() error { return nil }

// A client that sends a large request now and then does not wait, and who waits
// does so no longer than the server runs.
func TestFlowOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		f := flow{rate: 16 << 20, burst: time.Second / 4, stop: stop}
		begin := time.Now()
		for range 3 {
			for range 4 << 20 / flowStep {
				f.wait(flowStep, time.Hour)
			}
			if waited := time.Since(begin); waited != 0 {
				t.Errorf("it waited for %v", waited)
			}
			time.Sleep(time.Second)
			begin = time.Now()
		}
		f.wait(4<<20+16<<20, time.Hour)
		if waited := time.Since(begin); waited != time.Second {
			t.Errorf("it waited for %v", waited)
		}
		begin = time.Now()
		if f.wait(1<<30, time.Second); time.Since(begin) != time.Second {
			t.Errorf("it waited for %v", time.Since(begin))
		}
		time.AfterFunc(time.Second, func() { close(stop) })
		begin = time.Now()
		if f.wait(1<<30, time.Hour); time.Since(begin) != time.Second {
			t.Errorf("it waited for %v", time.Since(begin))
		}
	})
}

// The largest request, from a client that sends nothing else, does not wait.
func TestFlowOfLargest(t *testing.T) {
	inBubble(t, Options{Rules: users(t)}, func(b *bubble) {
		c := b.connect(1)
		for range 2 {
			begin := time.Now()
			c.send(`{"jsonrpc":"2.0","id":1,"method":"echo","params":["` + strings.Repeat("x", 4<<20-100) + `"]}` + "\n")
			if got := c.line(); !strings.Contains(got[:40], `"result"`) || time.Since(begin) != 0 {
				t.Errorf("%.100s after %v", got, time.Since(begin))
			}
			time.Sleep(time.Second)
		}
	})
}

// Input that is refused does not hold up the large requests of others.
func TestFlowOfWaste(t *testing.T) {
	const pace = 1 << 20
	inBubble(t, Options{Rules: users(t), Limits: Limits{Large: pace}}, func(b *bubble) {
		takes := func() time.Duration {
			time.Sleep(time.Second) // the burst is free again
			c := b.connect(1)
			begin := time.Now()
			c.send(`{"jsonrpc":"2.0","id":1,"method":"echo","params":["` + strings.Repeat("x", pace) + `"]}` + "\n")
			c.line()
			c.Close()
			return time.Since(begin)
		}
		alone := takes()
		for range 8 {
			c := b.connect(1)
			go io.WriteString(c, tooDeep)
			defer c.Close()
		}
		if beside := takes(); alone < time.Second/2 || beside != alone {
			t.Errorf("a request of 1 MiB takes %v instead of %v", beside, alone)
		}
	})
}

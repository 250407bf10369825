package control

import (
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

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
		p := arrivals{step: time.Second, burst: 2, due: map[string]time.Time{}}
		served := 0
		for i := range 10 * arrivalsMost {
			if p.take(fmt.Sprint(i)) {
				served++
			}
		}
		if served != arrivalsMost+2 || len(p.due) > arrivalsMost+1 {
			t.Errorf("%d were served, %d are remembered", served, len(p.due))
		}
		time.Sleep(2 * time.Second)
		if !p.take("new") || len(p.due) != 1 {
			t.Errorf("%d are remembered for nothing", len(p.due))
		}
	})
}

// stormListener has a client that connects, and goes, as fast as it can.
type stormListener struct {
	accepted int
	most     int
}

func (l *stormListener) Accept() (net.Conn, error) {
	if l.accepted++; l.accepted > l.most {
		return nil, net.ErrClosed
	}
	here, there := net.Pipe()
	_ = here.Close()
	return stormConn{there}, nil
}

func (*stormListener) Close() error   { return nil }
func (*stormListener) Addr() net.Addr { return loopback }

var loopback = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}

type stormConn struct{ net.Conn }

func (stormConn) RemoteAddr() net.Addr { return loopback }

// What comes too fast is refused at a bounded pace: the rest waits in the
// kernel, and so does who connects.
func TestStormOfConnections(t *testing.T) {
	inBubble(t, Options{}, func(b *bubble) {
		l := &stormListener{most: 60_000}
		began := time.Now()
		if err := b.Serve(l, Address{Network: "tcp", Addr: loopback.String(), Anyone: rpc.Read}); err != nil {
			t.Fatal(err)
		}
		if rate := float64(l.most) / time.Since(began).Seconds(); rate > 1.2*turnedRate {
			t.Errorf("%.0f connections were accepted in a second", rate)
		}
		time.Sleep(time.Minute)
		began = time.Now()
		l.accepted, l.most = 0, turnedRate/20 // a burst
		if err := b.Serve(l, Address{Network: "tcp", Addr: loopback.String(), Anyone: rpc.Read}); err != nil || time.Since(began) > time.Millisecond {
			t.Errorf("%v; a burst took %v", err, time.Since(began))
		}
	})
}

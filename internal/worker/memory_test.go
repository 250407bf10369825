package worker

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// A function owns its argument, although the link reuses the memory of a frame:
// a function that decodes it owns it until it returns, one with a raw argument
// forever.
func TestMemoryOfArguments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept [][]byte
		d := serve(t, Config{Funcs: []Func{{Name: "keep", Raw: true, Call: func(_ context.Context, _ any, in []byte, _ *[]byte) ([]byte, error) {
			kept = append(kept, in)
			return in, nil
		}}}})
		d.do(nth(1), "hold")
		for i := range 5 {
			d.do(nth(i+2), fmt.Sprintf("echo %d", i)) // waits
		}
		d.release(nth(1))
		d.want("1 begins", "1 OK", "2 OK 0", "3 OK 1", "4 OK 2", "5 OK 3", "6 OK 4")
		for i := range 5 {
			d.request(nth(1), ownFunc, fmt.Sprintf("kept %d", i))
			d.want(fmt.Sprintf("1 OK kept %d", i))
		}
		d.hangup()
		for i, b := range kept {
			if string(b) != fmt.Sprintf("kept %d", i) {
				t.Errorf("a function that keeps its argument sees it become %q", b)
			}
		}
	})
}

// An owned payload goes to the function without a copy. It goes back to the
// link if the function has seen only values decoded from it.
func TestOwnedMemory(t *testing.T) {
	for _, raw := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var seen []byte
			var of *job
			d := newDesk(t)
			s := &server{Config: Config{Busy: &d.busy, Tally: &d.tally, Concurrency: 1, Context: t.Context()}, conn: d}
			s.Funcs = []Func{{Raw: raw, Call: func(_ context.Context, _ any, in []byte, _ *[]byte) ([]byte, error) {
				seen = in
				s.mu.Lock()
				defer s.mu.Unlock()
				if of = s.running[1]; of.lent == raw {
					t.Errorf("raw %v, lent %v", raw, of.lent)
				}
				return nil, nil
			}}}
			payload := bytes.Repeat([]byte("x"), 200<<10)
			f := link.Frame{Header: wire.Header{Kind: wire.Request, Call: nth(1)}, Payload: payload, Owned: true}
			if err := s.receive(f); err != nil {
				t.Fatal(err)
			}
			s.over.Wait()
			if &seen[0] != &payload[0] {
				t.Error("it was copied")
			}
			if of.in != nil {
				t.Error("the job is not used again")
			}
		})
	}
}

// The kept part of a large argument does not change, however many arguments
// follow over a link that reuses memory.
func TestLargeArgumentsAreKept(t *testing.T) {
	daemon, files, err := link.New(link.Socket, link.Options{})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := link.Open(link.Socket, files, link.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var kept [][]byte
	keep := func(_ context.Context, _ any, in []byte, _ *[]byte) ([]byte, error) {
		kept = append(kept, in)
		return nil, nil
	}
	var both sync.WaitGroup
	both.Go(func() {
		if err := Serve(conn, Config{Funcs: []Func{{Raw: true, Call: keep}}, Concurrency: 1, Busy: new(atomic.Int32), Context: t.Context()}); err != nil {
			t.Error(err)
		}
	})
	news := make(chan wire.Kind)
	both.Go(func() { _ = daemon.Serve(func(f link.Frame) error { news <- f.Kind; return nil }, nil) })
	<-news // it is ready
	for i := range 10 {
		h := wire.Header{Kind: wire.Request, Call: wire.CallID(1, uint32(i+1))}
		if err := daemon.Send(h, bytes.Repeat([]byte{byte(i)}, 300<<10)); err != nil {
			t.Fatal(err)
		}
		<-news
	}
	if err := daemon.Send(wire.Header{Kind: wire.Stop}, nil); err != nil {
		t.Error(err)
	}
	both.Wait()
	daemon.Close()
	for i, b := range kept {
		if !bytes.Equal(b, bytes.Repeat([]byte{byte(i)}, 300<<10)) {
			t.Errorf("argument %d has become %d bytes of %d", i, len(b), b[0])
		}
	}
}

// A job keeps its memory for the next call, unless it is large, and keeps
// nothing else.
func TestMemoryOfJobs(t *testing.T) {
	const keep = 64 << 10
	for _, size := range []int{0, 100, keep, keep + 1} {
		again := 0
		for range 100 { // with the race detector the pool drops some
			j := &job{ctx: newTestContext(), fn: new(Func), id: nth(1), in: []byte("x"), more: make(chan struct{})}
			j.scratch, j.out = make([]byte, 0, size), make([]byte, 0, size)
			j.ahead.Add(1)
			j.recycle()
			want := size
			if size > keep {
				want = 0
			}
			if cap(j.scratch) != want || cap(j.out) != want {
				t.Fatalf("of %d bytes it keeps %d and %d", size, cap(j.scratch), cap(j.out))
			}
			if j.ctx != nil || j.fn != nil || j.id != 0 || j.in != nil || j.lent || j.more != nil || j.ahead != (wire.Window{}) {
				t.Fatalf("it keeps %+v", j)
			}
			if jobs.Get() == j {
				again++
			}
		}
		if again == 0 {
			t.Error("no job is used again")
		}
	}
}

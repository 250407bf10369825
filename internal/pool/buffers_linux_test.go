package pool

import (
	"context"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/buffer"
	"github.com/legion-go/legion/internal/wire"
)

const testHalf = 64 << 10 // 16 pages

// sharing plays a pool whose workers share memory.
func sharing(t *testing.T, cfg Config, play func(st *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, cfg)
		st.shares = testHalf
		st.start(context.Background())
		st.boot()
		st.wantStarted(nil)
		play(st)
	})
}

// lay makes a Buffer of n bytes, and a call with it that has a Buffer for its
// result.
func (st *stage) lay(n int) *Call {
	c := NewCall()
	c.In = buffer.Consume([]*buffer.Buffer{st.NewBuffer(n)})
	c.Results, c.Raw = 1, true
	return c
}

func (st *stage) submitted(c *Call) *Call {
	st.Submit(c)
	synctest.Wait()
	return c
}

// ref is a result that names parts of the arena.
func ref(parts ...[2]int) []byte {
	var pieces []buffer.Piece
	for _, p := range parts {
		pieces = append(pieces, buffer.Piece{Bytes: make([]byte, p[1])})
	}
	i := 0
	return buffer.Pack(nil, nil, pieces, func(buffer.Piece) (int, bool) { i++; return parts[i-1][0], true })
}

// A call takes a ref to the worker that has its bytes, and the bytes to any
// other. It prefers the first, unless that is busier.
func TestRefsAndBytes(t *testing.T) {
	sharing(t, Config{Min: 2, Max: 2}, func(st *stage) {
		first, second, third := st.lay(5000), st.lay(5000), st.lay(5000) // of workers 1, 2, 1
		for i, c := range []*Call{first, second, third} {
			for n, a := range st.arenas {
				if _, here := a.Offset(c.In[0]); here != (int(n) == i%2+1) {
					t.Fatalf("call %d has its Buffer in arena %d: %v", i, n, here)
				}
			}
		}
		st.submitted(second)
		st.want("2: Request spinning of 16 bytes")
		st.submitted(first)
		st.want("1: Request spinning of 16 bytes")
		st.actor(2).answers(0, wire.OK, ref([2]int{testHalf, 7}))
		st.wantEnd(second, OK)
		if second.Out[0].Len() != 7 {
			t.Error(second.Out[0].Len())
		}
		st.submitted(third)
		st.want("2: Request spinning of 5016 bytes")
		st.actor(2).answers(1, wire.OK, buffer.Pack(nil, []byte("x"), []buffer.Piece{{Bytes: []byte("inline")}}, st.worker(2).offset))
		st.wantEnd(third, OK)
		if string(third.Out[0].Bytes()) != "inline" || string(third.Data) != "x" {
			t.Error(third.Data)
		}
		st.forget()
		second.Out[0].Release()
		st.want("2: Freed")
		st.actor(1).answers(0, wire.OK, ref([2]int{0, 4000})) // its argument
		st.wantEnd(first, OK)
		if first.Out[0].Len() != 4000 || st.arenas[1].Leases() != 1 {
			t.Error(first.Out[0].Len(), st.arenas[1].Leases())
		}
		first.Out[0].Release()
		for i, a := range st.arenas {
			if a.Leases() != 0 {
				t.Errorf("%d leases are left in arena %d", a.Leases(), i)
			}
		}
	})
}

// A worker that has the bytes, and a call, is not preferred to an idle one.
func TestIdleBeforeShared(t *testing.T) {
	sharing(t, Config{Min: 2, Max: 2, Concurrency: 2}, func(st *stage) {
		first, _, third := st.lay(1), st.lay(1), st.lay(1)
		st.submitted(first)
		st.want("1: Request spinning of 16 bytes")
		st.submitted(third)
		st.want("2: Request spinning of 17 bytes")
	})
}

// A paused worker is no place for a Buffer: its calls go to others.
func TestBufferBesideAPausedWorker(t *testing.T) {
	sharing(t, Config{Min: 2, Max: 2}, func(st *stage) {
		if err := st.PauseWorker(101, true); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			st.submitted(st.lay(1))
		}
		if st.arenas[1].Leases() != 0 || st.arenas[2].Leases() != 2 {
			t.Errorf("%d Buffers are in the arena of the paused worker, %d in the other", st.arenas[1].Leases(), st.arenas[2].Leases())
		}
	})
}

// Without room, a Buffer is in ordinary memory.
func TestFullArena(t *testing.T) {
	sharing(t, Config{Min: 1}, func(st *stage) {
		large := st.NewBuffer(testHalf)
		c := st.submitted(st.lay(1))
		st.want("1: Request spinning of 17 bytes")
		st.actor(1).answers(0, wire.OK, make([]byte, 16))
		st.wantEnd(c, OK)
		if c.Out[0] != nil {
			t.Error("nil has become a Buffer")
		}
		large.Release()
	})
}

// What a call has taken along is lent again when it has ended, and not before,
// though it was cancelled.
func TestLentUntilTheEnd(t *testing.T) {
	sharing(t, Config{Min: 1, KillGrace: time.Hour}, func(st *stage) {
		c := st.submitted(st.lay(5000))
		st.actor(1).request(0)
		st.Cancel(c, context.Canceled)
		if st.arenas[1].Leases() != 1 {
			t.Error("the memory of a cancelled call is lent while its function runs")
		}
		st.actor(1).answers(0, wire.Error, wire.AppendFault(nil, wire.Fault{}))
		st.wantEnd(c, Canceled)
		if st.arenas[1].Leases() != 0 {
			t.Error("the memory of an ended call is lost")
		}
		unstarted := st.lay(5000)
		st.Pause()
		st.submitted(unstarted)
		st.Cancel(unstarted, context.Canceled)
		st.wantEnd(unstarted, Canceled)
		if st.arenas[1].Leases() != 0 {
			t.Error("the memory of a call that never started is lost")
		}
		st.lay(5000).Reset() // never submitted
		if st.arenas[1].Leases() != 0 {
			t.Error("the memory of a call that was never submitted is lost")
		}
	})
}

// A worker that names what it may not name breaks the protocol and is killed,
// whether its call is tried again or not; and nothing of its memory is lost.
func TestFalseRefs(t *testing.T) {
	for what, parts := range map[string][][2]int{
		"of another call":            {{testHalf / 4, 10}},
		"free memory":                {{testHalf / 2, 10}},
		"behind the arena":           {{2 * testHalf, 1}},
		"over its end":               {{2*testHalf - 4096, 4097}},
		"both halves":                {{testHalf - 4096, 8192}},
		"more than its argument":     {{0, 5001}},
		"the middle of its argument": {{4096, 10}},
		"no page":                    {{testHalf + 1, 10}},
		"an earlier result":          {{testHalf + 8192, 10}},
		"a part of it":               {{testHalf + 4096, 5000}},
	} {
		for _, retry := range []int{0, 1} {
			t.Run(what+strconv.Itoa(retry), func(t *testing.T) {
				sharing(t, Config{Min: 1, Max: 1, Retry: retry, Concurrency: 2}, func(st *stage) {
					// What is legal, first.
					earlier := st.submitted(st.lay(1))
					st.actor(1).answers(0, wire.OK, ref([2]int{testHalf + 8192, 5000}))
					st.wantEnd(earlier, OK)
					c, other := st.lay(5000), NewCall()
					c.In[0].Bytes[0] = 'A'
					st.NewBuffer(testHalf/4 - 8192).Bytes() // a gap
					other.In = buffer.Consume([]*buffer.Buffer{st.NewBuffer(100)})
					if at, _ := st.arenas[1].Offset(other.In[0]); at != testHalf/4 {
						t.Fatal(at)
					}
					st.submitted(c)
					st.submitted(other)
					st.actor(1).request(2)
					st.forget()
					st.actor(1).answers(1, wire.OK, ref(parts...))
					if did := st.forget(); len(did) < 2 || did[0] != "1: kill "+string(CauseProtocol) {
						t.Fatal(did)
					}
					st.boot()
					if retry == 0 {
						st.wantEnd(c, Crashed)
					} else {
						if c.Done() || c.In[0].Bytes[0] != 'A' {
							t.Fatal("it is not tried again with its bytes")
						}
						st.actor(2).answers(0, wire.OK, make([]byte, 16))
						st.actor(2).answers(1, wire.OK, nil)
						st.wantEnd(c, OK)
					}
					if n := st.Stats().Corrupt; n != 1 {
						t.Errorf("%d breaches", n)
					}
					if len(earlier.Out[0].Bytes()) != 5000 || earlier.Out[0].Bytes()[4999] != 0 {
						t.Error("an earlier result is gone")
					}
					earlier.Out[0].Release()
					if n := st.arenas[1].Leases(); n != 1 { // the gap, forgotten
						t.Errorf("%d leases are left", n)
					}
				})
			})
		}
	}
}

// Two refs in one result may not be of the same memory; and a payload that is
// no result with Buffers is a breach, too.
func TestFalseResults(t *testing.T) {
	for what, payload := range map[string][]byte{
		"its argument twice":      ref([2]int{0, 10}, [2]int{0, 10}),
		"memory twice":            ref([2]int{testHalf, 10}, [2]int{testHalf, 10}),
		"overlapping":             ref([2]int{testHalf, 5000}, [2]int{testHalf + 4096, 10}),
		"no places":               {},
		"more inline than it has": {1, 0, 0, 0, 0, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		t.Run(what, func(t *testing.T) {
			sharing(t, Config{Min: 1, Max: 1}, func(st *stage) {
				c := st.lay(5000)
				c.Results = 2
				st.submitted(c)
				st.forget()
				st.actor(1).answers(0, wire.OK, payload)
				st.wantEnd(c, Crashed)
				if n, left := st.Stats().Corrupt, st.arenas[1].Leases(); n != 1 || left != 0 {
					t.Errorf("%d breaches, %d leases are left", n, left)
				}
			})
		})
	}
	// A true ref before a false one: the argument stays the call's, for the next
	// try, and what was claimed does not.
	sharing(t, Config{Min: 1, Max: 1, Retry: 1}, func(st *stage) {
		c := st.lay(5000)
		c.Results = 3
		st.submitted(c)
		st.actor(1).answers(0, wire.OK, ref([2]int{0, 10}, [2]int{testHalf, 10}, [2]int{2 * testHalf, 1}))
		st.boot()
		if left := st.arenas[1].Leases(); c.Done() || left != 1 {
			t.Errorf("the call is done: %v; %d leases", c.Done(), left)
		}
		st.actor(2).answers(0, wire.OK, make([]byte, 3*16))
		st.wantEnd(c, OK)
		if left := st.arenas[1].Leases(); left != 0 {
			t.Errorf("%d leases are left", left)
		}
	})
	// A worker without shared memory has nothing to name.
	onStage(t, Config{Min: 1, Max: 1}, func(st *stage) {
		c := st.submitted(st.lay(5000))
		st.actor(1).answers(0, wire.OK, ref([2]int{0, 10}))
		st.wantEnd(c, Crashed)
	})
}

// Release does not wait for a worker that reads nothing, and what it could not
// be told goes in few frames.
func TestFreedToADeafWorker(t *testing.T) {
	sharing(t, Config{Min: 1}, func(st *stage) {
		var results []*buffer.Buffer
		for i := range 10 {
			c := st.submitted(st.lay(1))
			st.actor(1).answers(i, wire.OK, ref([2]int{testHalf + i*4096, 10}))
			st.wantEnd(c, OK)
			results = append(results, c.Out[0])
		}
		st.forget()
		a := st.actor(1)
		a.mu.Lock()
		a.full = make(chan struct{})
		a.mu.Unlock()
		for _, b := range results {
			b.Release()
		}
		st.want()
		close(a.full)
		if n := len(st.forget()); n < 1 || n > 2 {
			t.Errorf("%d frames", n)
		}
	})
}

// FuzzResult: no result makes the daemon panic, lend memory twice, or lose any.
func FuzzResult(f *testing.F) {
	f.Add(ref([2]int{0, 10}, [2]int{testHalf, 10}), uint64(1))
	f.Add(ref([2]int{testHalf, 5000}, [2]int{testHalf + 4096, 10}), uint64(2))
	f.Fuzz(func(t *testing.T, payload []byte, seed uint64) {
		sharing(t, Config{Min: 1, Max: 1, MaxRestarts: -1}, func(st *stage) {
			c := st.lay(1 + rand.New(rand.NewPCG(seed, 0)).IntN(9000))
			c.Results = 2
			st.submitted(c)
			st.actor(1).answers(0, wire.OK, payload)
			if synctest.Wait(); c.Kind == OK {
				for _, b := range c.Out {
					if b != nil {
						clear(b.Bytes())
						b.Release()
					}
				}
			}
			if n := st.arenas[1].Leases(); n != 0 {
				t.Fatalf("%d leases are left of a call that ended as %v", n, c.Kind)
			}
		})
	})
}

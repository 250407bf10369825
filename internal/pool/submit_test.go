package pool

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
)

// Outside of its pool's life a call ends at once, and says why.
func TestCallsOutsideOfTheLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, Config{Min: 1})
		c := st.give(1)
		st.wantEnd(c, Stopped)
		if c.Reason != "the daemon has not been started" || c.Number() != 0 {
			t.Errorf("%q, number %d", c.Reason, c.Number())
		}
		st.Stop(time.Hour)
		if err := st.Start(st.t.Context()); err == nil {
			t.Error("it starts after its end")
		}
		c = st.give(1)
		st.wantEnd(c, Stopped)
		if c.Reason != "the pool is stopping" || st.Summary().State != StateStopped {
			t.Errorf("%q, %v", c.Reason, st.Summary().State)
		}
		st.want()
	})
}

// A call is cancelled also if its context ends while it is being submitted, and
// the cancellation comes first: no worker gets it.
func TestCancelBeforeSubmit(t *testing.T) {
	onStage(t, Config{Min: 1}, func(st *stage) {
		for n, why := range []error{context.Canceled, context.DeadlineExceeded} {
			c := NewCall()
			st.Cancel(c, why)
			st.Submit(c)
			st.wantEnd(c, map[error]Kind{context.Canceled: Canceled, context.DeadlineExceeded: Timeout}[why])
			if c.Number() != uint64(n+1) || st.Summary().Calls != uint64(n+1) {
				t.Errorf("it has number %d, and %d were counted", c.Number(), st.Summary().Calls)
			}
		}
		st.want()
	})
}

// A caller whose call is the only one in its worker looks for the answer
// itself; others wait.
func TestWhoPolls(t *testing.T) {
	onStage(t, Config{Min: 1, Concurrency: 2}, func(st *stage) {
		for range 3 {
			c := NewCall()
			c.Func = returning
			go st.Do(st.t.Context(), c)
			synctest.Wait()
		}
		st.want("1: Request returning of 0 bytes", "1: polled", "1: Request returning of 0 bytes")
		a := st.actor(1)
		a.answers(0, wire.OK, nil)
		st.want("1: Request returning of 0 bytes")
		a.answers(1, wire.OK, nil)
		a.answers(2, wire.OK, nil)
		c := NewCall()
		go st.Do(st.t.Context(), c)
		st.want("1: Request spinning of 0 bytes", "1: polled")
		a.answers(3, wire.OK, nil)
		st.wantEnd(c, OK)
	})
}

// The end of a caller's context is that of its call, as what it is; the pid of
// the worker is known while it has the call.
func TestEndOfTheCallersContext(t *testing.T) {
	for cause, want := range map[error]Kind{context.Canceled: Canceled, context.DeadlineExceeded: Timeout} {
		for _, begun := range []bool{true, false} {
			onStage(t, Config{Min: 1}, func(st *stage) {
				ctx, cancel := context.WithCancel(st.t.Context())
				if cause == context.DeadlineExceeded {
					cancel()
					ctx, cancel = context.WithTimeout(st.t.Context(), time.Minute)
				}
				defer cancel()
				c := NewCall()
				if st.WorkerOf(c) != 0 {
					t.Error("a call that was not made has a worker")
				}
				over := make(chan bool)
				go func() { st.Do(ctx, c); close(over) }()
				st.want("1: Request spinning of 0 bytes", "1: polled")
				waits := st.give(1)
				if st.WorkerOf(c) != 101 || st.WorkerOf(waits) != 0 {
					t.Errorf("the call is in %d, the one that waits in %d", st.WorkerOf(c), st.WorkerOf(waits))
				}
				if begun {
					st.actor(1).request(0)
				}
				if cause == context.Canceled {
					cancel()
				} else {
					time.Sleep(time.Minute)
				}
				if begun {
					synctest.Wait()
					select {
					case <-over:
						t.Error("it returned while its function runs")
					default:
					}
					st.want("1: Cancel " + map[Kind]string{Canceled: "canceled", Timeout: "timeout"}[want])
					st.actor(1).answers(0, wire.Error, wire.AppendFault(nil, wire.Fault{}))
				}
				<-over
				st.wantEnd(c, want)
				st.want("1: Request spinning of 1 bytes")
				if st.WorkerOf(c) != 0 {
					t.Error("a call that has ended has a worker")
				}
			})
		}
	}
}

// Who hands in a call does not wait for room in a link, nor does the loop:
// neither with a large argument, nor with a small one behind that.
func TestSubmitDoesNotWait(t *testing.T) {
	onStage(t, Config{Min: 1, Concurrency: 3}, func(st *stage) {
		a := st.actor(1)
		a.full = make(chan struct{})
		large, small := st.give(fitsCall+1), st.give(1) // they return
		st.Cancel(small, context.Canceled)              // and so does this
		if small.Done() {
			t.Error("the caller has its argument back while it is being sent")
		}
		close(a.full)
		synctest.Wait()
		if all := strings.Join(st.did, ", "); !strings.Contains(all, "of 16385 bytes") || !strings.Contains(all, "of 1 bytes") {
			t.Errorf("not all was sent: %s", all)
		}
		st.wantEnd(small, Canceled)
		a.mu.Lock()
		a.full = nil
		a.mu.Unlock()
		a.says(sayings["pong"], nil)
		if c := st.give(1); st.WorkerOf(c) != 101 {
			t.Error("nothing is sent any more")
		}
		a.says(wire.Header{Kind: wire.Response, Call: large.id}, nil)
		st.wantEnd(large, OK)
		if n := st.worker(1).member.sending.Load(); n != 0 {
			t.Errorf("%d arguments are under way", n)
		}
	})
}

// The caller waits for room in the link for its own argument, and gets away
// when its context ends. A context that cannot end needs no watch.
func TestCallerWaitsForRoom(t *testing.T) {
	for _, size := range []int{1, fitsCall + 1} {
		onStage(t, Config{Min: 1, Concurrency: 2, MaxRestarts: 9, RestartWindow: time.Hour}, func(st *stage) {
			a := st.actor(1)
			a.full = make(chan struct{})
			st.give(fitsCall + 1)
			ctx, cancel := context.WithCancel(st.t.Context())
			c, over := NewCall(), make(chan bool)
			c.Payload = make([]byte, size)
			go func() { st.Do(ctx, c); close(over) }()
			synctest.Wait()
			cancel()
			time.Sleep(time.Minute)
			<-over
			st.wantEnd(c, Canceled)
		})
	}
	onStage(t, Config{Spawn: Lazy}, func(st *stage) {
		ctx, cancel := context.WithCancel(st.t.Context())
		defer cancel()
		for i, ctx := range []context.Context{ctx, context.Background()} {
			c := NewCall()
			c.Payload = make([]byte, fitsCall+1)
			go st.Do(ctx, c)
			st.boot() // the first call starts it
			st.actor(1).answers(i, wire.OK, nil)
			st.wantEnd(c, OK)
		}
	})
}

// A stream's worker is told what was taken, without a goroutine waiting for it;
// who has told is told once the worker's link has taken it in, or never will.
func TestGrant(t *testing.T) {
	onStage(t, Config{Min: 1, MaxRestarts: 9, RestartWindow: time.Hour}, func(st *stage) {
		a, sent := st.actor(1), 0
		grant := func(c *Call) { st.Grant(c, wire.Taken{Items: 3, Bytes: 258}, func() { sent++ }); synctest.Wait() }
		grant(NewCall())
		c := st.give(1)
		st.forget()
		grant(c)
		st.want("1: Credit 030000000201000000000000")
		a.full = make(chan struct{})
		grant(c)
		if sent != 1 {
			t.Errorf("%d grants were sent, not 1", sent)
		}
		close(a.full)
		synctest.Wait()
		a.full = make(chan struct{})
		grant(c)
		a.die(proc.Exit{PID: 101})
		synctest.Wait()
		if sent != 3 {
			t.Errorf("%d grants were sent, not 3", sent)
		}
		grant(c) // it has no worker
		if sent != 3 {
			t.Error("a grant without a worker was sent")
		}
	})
}

// What a loop takes while its worker does not read the last grant is granted
// with the next one: otherwise the worker would wait for ever.
func TestGrantOfWhatWasTakenMeanwhile(t *testing.T) {
	onStage(t, Config{Min: 1}, func(st *stage) {
		a := st.actor(1)
		c := NewCall()
		r := st.Read(st.t.Context(), c, func(*Call) {})
		synctest.Wait()
		for range wire.StreamItems {
			a.says(wire.Header{Kind: wire.Item, Call: a.request(0).Call}, []byte("x"))
		}
		st.forget()
		a.full = make(chan struct{})
		for range wire.StreamItems {
			r.Next(st.t.Context())
		}
		st.want()
		close(a.full)
		half := "1: Credit 100000001000000000000000"
		st.want(half, half)
		a.answers(0, wire.End, nil)
		st.wantEnd(c, OK)
	})
}

// The pool stops when its start fails, or is given up.
func TestStartThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, Config{Min: 2, Max: 2})
		ctx, cancel := context.WithCancelCause(st.t.Context())
		st.start(ctx)
		st.actor(1).ready()
		select {
		case err := <-st.result:
			t.Fatal("it returned before its workers were ready:", err)
		default:
		}
		cancel(errors.New("enough"))
		time.Sleep(time.Minute)
		st.wantStarted(errors.New("waiting for its workers: enough"))
		if s := st.Summary(); s.State != StateStopped || s.Size != 0 {
			t.Errorf("%+v", s)
		}
		if err := st.Start(st.t.Context()); err == nil {
			t.Error("it starts twice")
		}
	})
}

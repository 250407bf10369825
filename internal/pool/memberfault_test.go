package pool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
)

// That a pool fails is told after the death that was its cause, and once.
func TestFailureIsTold(t *testing.T) {
	onStage(t, Config{Min: 1, MaxRestarts: 1, RestartWindow: time.Hour}, func(st *stage) {
		st.actor(1).die(proc.Exit{PID: 101})
		st.boot()
		c := st.give(1)
		st.actor(2).request(0)
		st.forget()
		st.actor(2).die(proc.Exit{PID: 102})
		st.want("died 2 (expected false)", "failed: 2 workers died within 1h0m0s", "2: closed")
		st.wantEnd(c, Crashed)
		st.Resume()
		st.boot()
		if s := st.Summary(); s.State != StateRunning || s.Serving != 1 {
			t.Errorf("%+v", s)
		}
	})
	onStage(t, Config{Min: 1, BackoffMin: time.Second, BackoffMax: time.Second}, func(st *stage) {
		st.fails = func(uint64) error { return errors.New("no such file") }
		rolled := make(chan error, 1)
		go func() { rolled <- st.Roll(st.t.Context()) }()
		time.Sleep(time.Minute)
		why := "3 replacements in a row died before they were ready; the last one it could not be started: no such file"
		st.want("died 2 (expected false)", "died 3 (expected false)", "died 4 (expected false)", "kept: "+why)
		if err := <-rolled; err == nil || err.Error() != "the old workers stay: "+why {
			t.Error(err)
		}
	})
}

// While its first workers start, a pool may fail of what the ready ones do.
func TestFailureDuringTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, Config{Min: 3, Max: 3, MaxRestarts: 1, RestartWindow: time.Hour})
		st.start(context.Background())
		for id := range uint64(2) {
			st.actor(id + 1).ready()
			st.actor(id + 1).die(proc.Exit{PID: int(101 + id), Code: 5})
			synctest.Wait()
		}
		st.actor(3).die(proc.Exit{PID: 103})
		time.Sleep(time.Minute)
		st.wantStarted(errors.New("its first worker did not start: pid 102 exited with code 5"))
	})
}

// Nobody has to listen to a pool.
func TestNoHooks(t *testing.T) {
	onStage(t, Config{Min: 1, Looping: true, OnExit: StopDaemon}, func(st *stage) {
		st.hooks = Hooks{}
		a := st.actor(1)
		a.says(sayings["log"], []byte("x"))
		a.says(sayings["runs"], nil)
		a.die(proc.Exit{PID: 101})
		st.want("1: closed")
	})
	onStage(t, Config{Min: 1, MaxRestarts: 1, RestartWindow: time.Hour}, func(st *stage) {
		st.hooks = Hooks{}
		for id := range uint64(2) {
			st.boot()
			st.actor(id + 1).die(proc.Exit{PID: 101})
			synctest.Wait()
		}
		st.Resume()
		synctest.Wait()
		st.boot()
		st.tell(news{failed: "x", kept: "y"})
		st.want()
	})
}

// An answer may have a worker replaced, small or large.
func TestAnswerOfAWornWorker(t *testing.T) {
	for _, size := range []int{0, copyUnlocked} {
		onStage(t, Config{Min: 1, MaxCalls: 1}, func(st *stage) {
			c := st.give(1)
			st.actor(1).answers(0, wire.OK, make([]byte, size))
			st.wantEnd(c, OK)
			st.actor(2).ready()
			st.wantInAnyOrder("1: Request spinning of 1 bytes", "ready 2 pid 102 after 0s", "1: Stop")
		})
	}
}

// A link that fails is the end of its worker; that either side has gone is no
// failure.
func TestFailingLink(t *testing.T) {
	for want, err := range map[string]error{
		"no memory": errors.New("no memory"), "": fmt.Errorf("sending: %w", link.ErrClosed),
	} {
		onStage(t, Config{Min: 1, MaxRestarts: 9, RestartWindow: time.Hour}, func(st *stage) {
			st.actor(1).broken = err
			c := st.give(1)
			if want == "" {
				st.want()
				if c.Done() {
					t.Error("the call has ended before its worker")
				}
				return
			}
			st.want("1: kill protocol violation", "died 1 (expected false)", "1: closed")
			if s := st.Stats(); !strings.HasSuffix(s.LastDeath, "it broke the protocol: "+want) || s.Corrupt != 1 {
				t.Errorf("%+v", s)
			}
		})
	}
}

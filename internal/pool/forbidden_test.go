package pool

import (
	"context"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/sandbox"
)

// forbidden is the end of a worker that called socket.
var forbidden = proc.Exit{PID: 101, Code: 2, Stack: "SIGSYS: bad system call", Forbidden: &sandbox.Forbidden{
	Call: "socket", Args: "AF_INET, SOCK_STREAM", Rule: "Network", Where: "webp.fetch (webp.go:14)",
}}

// A worker without a seal gets no call from a pool that has a sandbox.
func TestUnsealedWorkerGetsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, Config{Min: 1, Sealed: true, BackoffMin: time.Hour, BackoffMax: time.Hour, MaxRestarts: 9, RestartWindow: time.Hour})
		st.start(context.Background())
		a := st.actor(1)
		a.ready()
		a.die(proc.Exit{PID: 101, Code: -1})
		synctest.Wait()
		if s := st.Stats(); s.Ready != 0 || s.Corrupt != 1 || s.LastDeath != "pid 101 was killed (protocol violation): it broke the protocol: the worker is not sealed, and its pool has a sandbox" {
			t.Errorf("%+v", s)
		}
	})
}

// What holds is known from the workers, and each says whether it is sealed.
func TestSealIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, Config{Min: 1, Sealed: true})
		st.start(context.Background())
		if s := st.Stats(); s.Seal.Sealed || s.Workers[0].Sealed {
			t.Errorf("before its Ready: %+v", s)
		}
		seal := wire.Seal{Sealed: true, Took: time.Millisecond, Held: []string{"calls: seccomp"}, Missing: []string{"CPU: no cgroup"}}
		st.actor(1).readySealed(seal)
		if s := st.Stats(); !reflect.DeepEqual(s.Seal, seal) || !s.Workers[0].Sealed {
			t.Errorf("after its Ready: %+v", s)
		}
	})
}

// A forbidden call ends as Forbidden, and is not tried again: it would kill the
// next worker too. If others ran beside it, nobody knows which one it was.
func TestForbiddenCall(t *testing.T) {
	for _, c := range []struct {
		concurrency, retry int
		kind               Kind
		retried            uint64
	}{
		{concurrency: 1, kind: Forbidden},
		{concurrency: 1, retry: 2, kind: Forbidden},
		{concurrency: 2, kind: Forbidden},
		{concurrency: 2, retry: 1, kind: Forbidden, retried: 1},
	} {
		onStage(t, Config{Min: 1, Concurrency: c.concurrency, Retry: c.retry, MaxRestarts: 9, RestartWindow: time.Hour}, func(st *stage) {
			call := st.give(1)
			for n := uint64(1); !call.Done(); n++ {
				a := st.actor(n)
				if n > 1 {
					a.ready()
				}
				a.request(0)
				a.die(forbidden)
				synctest.Wait()
				time.Sleep(time.Second) // until the next one starts
				synctest.Wait()
			}
			st.wantEnd(call, c.kind)
			s := st.Stats()
			if s.Retried != c.retried || s.Forbidden != c.retried+1 || s.Crashed != 1 {
				st.t.Errorf("%+v: %+v", c, s.Counts)
			}
			if want := "pid 101 called socket(AF_INET, SOCK_STREAM), which Sandbox.Network does not allow: it was in webp.fetch (webp.go:14)"; s.LastDeath != want {
				st.t.Errorf("%q", s.LastDeath)
			}
		})
	}
}

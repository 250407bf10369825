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

// The end of a looping worker is that of the daemon, if so told.
func TestEndOfALoopStopsTheDaemon(t *testing.T) {
	onStage(t, Config{Min: 2, Max: 2, Looping: true, OnExit: StopDaemon}, func(st *stage) {
		st.actor(2).die(proc.Exit{PID: 102})
		st.want("stop: a looping worker of pool stage has ended", "died 2 (expected false)", "2: closed")
	})
}

// What is asked of a worker while it is being started is done when it has been.
func TestStopDuringTheLaunch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, Config{Min: 1})
		st.curtain = make(chan struct{})
		st.start(context.Background())
		go st.Stop(time.Minute)
		st.want()
		for pid := range 2 {
			if err := st.Kill(pid); err == nil || !strings.HasSuffix(err.Error(), "it has none at the moment") {
				t.Errorf("a worker that has no pid yet was found by %d: %v", pid, err)
			}
		}
		st.raise()
		st.want("1: kill stop", "died 1 (expected true)", "1: closed")
		st.wantStarted(errors.New("it was stopped while it started"))
	})
}

// A pool ends without a process that nothing can end; who waits for room in its
// link gets away. What the process does later does no harm.
func TestStopWithoutAStuckProcess(t *testing.T) {
	onStage(t, Config{Min: 1}, func(st *stage) {
		a, m := st.actor(1), st.worker(1).member
		a.hardy = true
		began := time.Now()
		st.Stop(time.Minute)
		if took := time.Since(began); took < killBound || took > time.Minute+killBound+quitGrace+time.Second {
			t.Errorf("it took %v", took)
		}
		st.want("1: Stop", "1: quit", "1: kill stop")
		a.die(proc.Exit{PID: 101})
		st.want("died 1 (expected true)", "1: closed")
		m.control(wire.Header{Kind: wire.Ping}, nil) // the link has been closed: nothing waits
		m.control(wire.Header{Kind: wire.Ping}, nil)
		if len(st.did) != 2 {
			t.Errorf("it was done aside: %s", st.did)
		}
	})
	onStage(t, Config{Min: 1, Timeout: time.Second}, func(st *stage) {
		a := st.actor(1)
		a.hardy, a.full = true, make(chan struct{})
		c, over := NewCall(), make(chan bool)
		c.Payload = make([]byte, fitsCall+1)
		go func() { st.Do(st.t.Context(), c); close(over) }()
		synctest.Wait()
		a.mu.Lock()
		a.started[c.id] = true
		a.mu.Unlock()
		<-over
		st.wantEnd(c, Timeout)
		st.want("1: quit", "1: kill deadline", "1: polled")
		st.boot()
		if s := st.Summary(); s.State != StateRunning || s.Size != 2 || s.Serving != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// Where no process can be ended any more, there is no place for another: the
// pool fails, and says so.
func TestOnlyStuckProcesses(t *testing.T) {
	onStage(t, Config{Min: 1}, func(st *stage) {
		for id := range uint64(2) {
			st.boot()
			st.actor(id + 1).hardy = true
			if err := st.Kill(int(101 + id)); err != nil {
				t.Error(err)
			}
			time.Sleep(2 * killBound)
		}
		if s := st.Summary(); s.State != StateFailed {
			t.Errorf("%+v", s)
		}
		if did := st.forget(); len(did) != 2 || did[0] != "2: kill kill" || !strings.HasPrefix(did[1], "failed: ") {
			t.Errorf("it did %q", did)
		}
	})
}

// A pool has ended only when nothing of its workers goes on any more.
func TestStopWaitsForWhatIsSent(t *testing.T) {
	onStage(t, Config{Min: 1}, func(st *stage) {
		a := st.actor(1)
		a.deep = make(chan struct{})
		m := st.worker(1).member
		m.control(wire.Header{Kind: wire.Ping}, nil)
		stopped := make(chan bool)
		go func() { st.Stop(0); close(stopped) }()
		time.Sleep(time.Hour)
		select {
		case <-stopped:
			t.Error("it has ended before its last frame was sent")
		default:
		}
		close(a.deep)
		<-stopped
	})
}

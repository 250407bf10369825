package pool

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
)

// A worker hears what is decided in the order in which it was decided: a Resume
// that came before its Pause would leave the loop held for good.
func TestNoticesKeepTheirOrder(t *testing.T) {
	onStage(t, Config{Min: 1, Looping: true}, func(st *stage) {
		for range 100 {
			st.Pause()
			synctest.Wait()
			st.Resume()
			st.want("1: Pause", "1: Resume")
		}
		for range 100 {
			var all sync.WaitGroup
			for range 4 {
				all.Go(st.Pause)
				all.Go(st.Resume)
			}
			all.Wait()
			synctest.Wait()
			want := map[State]string{StateRunning: "1: Resume", StatePaused: "1: Pause"}[st.Summary().State]
			if did := st.forget(); len(did) > 0 && did[len(did)-1] != want {
				t.Fatalf("the pool is %v, and its worker was told\n\t%s", st.Summary().State, strings.Join(did, "\n\t"))
			}
			st.Resume()
			st.forget()
		}
	})
}

// A worker that reads nothing may be paused and resumed for ever.
func TestPausesOfADeafWorkerDoNotAddUp(t *testing.T) {
	m := &member{protocol: new(protocol), telling: true} // its sender waits for room
	kinds := func() (all []wire.Kind) {
		for _, n := range m.notices {
			all = append(all, n.Kind)
		}
		return all
	}
	m.queueAct(act{op: opResume}) // it is paused
	for range 1000 {
		m.queueAct(act{op: opPause})
		if got := kinds(); !slices.Equal(got, []wire.Kind{wire.Resume, wire.Pause}) || m.protocol.pauses.Load() != 1 {
			t.Fatalf("it will be told %v, and may say %d times that it is paused", got, m.protocol.pauses.Load())
		}
		m.queueAct(act{op: opResume})
		if got := kinds(); !slices.Equal(got, []wire.Kind{wire.Resume}) || m.protocol.pauses.Load() != 0 {
			t.Fatalf("it will be told %v, and may say %d times that it is paused", got, m.protocol.pauses.Load())
		}
	}
}

// What ends a roll whose replacements do not become ready does not end the wait
// for a worker that was told to leave, and still runs a call.
func TestEndBesideARollThatGivesUp(t *testing.T) {
	onStage(t, Config{Min: 2, Max: 3, MaxRestarts: 99, RestartWindow: time.Hour}, func(st *stage) {
		c := st.give(1)
		pid := st.WorkerOf(c)
		first := st.actor(uint64(pid - 100))
		first.request(0)
		ended, rolled := make(chan error, 1), make(chan error, 1)
		go func() { ended <- st.End(st.t.Context(), pid) }()
		st.boot() // the one that takes its place
		go func() { rolled <- st.Roll(st.t.Context()) }()
		for range rollTries {
			synctest.Wait()
			all := st.all()
			all[len(all)-1].die(proc.Exit{PID: 100 + len(all), Code: 1})
			time.Sleep(time.Minute)
		}
		if err := <-rolled; err == nil {
			t.Error("the roll has succeeded")
		}
		select {
		case err := <-ended:
			t.Errorf("End has returned %v, and the worker runs a call", err)
		default:
		}
		first.answers(0, wire.OK, nil)
		first.die(proc.Exit{PID: pid})
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

package loop_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/loop"
)

// A loop's busy time includes functions that panic and the one that still runs;
// the rest of its time is idle.
func TestBusyAndIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(loop.Config{Panic: func(any, []byte) {}})
		time.Sleep(time.Hour) // before Run nothing counts
		if s := l.Stats(); s.Busy != 0 || s.Idle != 0 {
			t.Errorf("before Run: %+v", s)
		}
		wait := run(t, t.Context(), l)
		synctest.Wait()
		l.Every(10*time.Second, func() { time.Sleep(2 * time.Second) }) // at 0, 10 and 20 s
		time.Sleep(5 * time.Second)
		l.Post(func() { time.Sleep(time.Second); panic("counts too") })
		time.Sleep(16 * time.Second)
		if s := l.Stats(); s.Busy != 6*time.Second || s.Idle != 15*time.Second || s.Running != time.Second {
			t.Errorf("after 21 s: %+v", s)
		}
		l.Stop()
		wait()
	})
}

package pool

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// A worker hears what is decided in the order in which it was decided: a Resume
// that came before its Pause would leave the loop held for good.
func TestNoticesKeepTheirOrder(t *testing.T) {
	onStage(t, Config{Min: 1, Looping: true}, func(st *stage) {
		for range 100 {
			st.Pause()
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

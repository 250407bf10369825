package pool

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
)

// The memory of the caller is lent once, for a result that fits, and taken back
// before the caller has its call back.
func TestIntoIsLentOnce(t *testing.T) {
	for name, end := range map[string]func(st *stage, a *actor, call *Call){
		"answered": func(st *stage, a *actor, call *Call) {
			a.says(wire.Header{Kind: wire.Response, Call: call.id}, []byte("other"))
			st.wantEnd(call, OK)
		},
		"moved to another worker": func(st *stage, a *actor, call *Call) {
			a.die(proc.Exit{Code: 1})
			synctest.Wait()
			if call.Done() {
				st.t.Errorf("it has ended: %v %s", call.Kind, call.Reason)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, Config{Min: 1, MaxRestarts: 9, RestartWindow: time.Hour}, func(st *stage) {
				call := NewCall()
				call.Raw, call.Into = true, make([]byte, 0, 100)
				st.Submit(call)
				synctest.Wait()
				a := st.actor(1)
				h := wire.Header{Kind: wire.Response, Call: call.id}
				other := h
				other.Call += 1 << 8
				failed := h
				failed.Code = uint16(wire.Error)
				item := h
				item.Kind = wire.Item
				for _, h := range []wire.Header{other, failed, item} {
					if a.lend(h, 10) != nil {
						t.Errorf("memory is lent for %v", h)
					}
				}
				if a.lend(h, 101) != nil {
					t.Error("memory is lent that is too small")
				}
				if a.lend(h, 100) == nil || call.loan == nil {
					t.Error("memory is not lent")
				}
				if a.lend(h, 100) != nil {
					t.Error("memory is lent twice")
				}
				end(st, a, call)
				if call.loan != nil {
					t.Error("memory is still lent after the end of the call")
				}
			})
		})
	}
}

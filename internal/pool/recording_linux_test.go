package pool

import (
	"testing"

	"github.com/legion-go/legion/internal/recorder"
	"github.com/legion-go/legion/internal/wire"
)

// A worker writes down what it did before a call that did not end in time; a
// stop cancels calls too, and each would cost it a profile.
func TestSnapshotOfACancelledCall(t *testing.T) {
	for cause, want := range map[wire.Cause]int{wire.CauseTimeout: 1, wire.CauseCanceled: 1, wire.CauseStop: 0} {
		m := &member{pool: &Pool{core: &core{}}, protocol: new(protocol), recorder: new(recorder.File), telling: true}
		m.snapshot(act{op: opCancel, code: cause})
		if len(m.notices) != want {
			t.Errorf("after %v: %d notices", cause, len(m.notices))
		}
	}
}

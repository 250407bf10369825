package pool

import (
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/legion-go/legion/internal/link"
)

// asked is a process that counts how often the system was asked about it.
type asked struct {
	Process
	n *atomic.Int64
}

func (p asked) Memory() (uint64, error) {
	p.n.Add(1)
	return p.Process.Memory()
}

// A summary says what Stats says of the pool as a whole, without asking the
// system.
func TestSummary(t *testing.T) {
	var n atomic.Int64
	goroutines := launchGoroutines("", link.Socket, 0)
	p := start(t, Config{Min: 3, Max: 3}, func(id uint64) (Process, link.Conn, error) {
		process, conn, err := goroutines(id)
		return asked{process, &n}, conn, err
	})
	p.call(waiting, "waits")
	p.call(waiting, "waits")
	s := p.Summary()
	if s.Name != "images" || s.State != StateRunning || s.Min != 3 || s.Max != 3 || s.Size != 3 || s.Serving != 3 || s.Running != 2 || s.Calls != 2 {
		t.Errorf("%+v", s)
	}
	if n := n.Load(); n != 0 {
		t.Errorf("the system was asked %d times", n)
	}
	if all := p.Stats(); !reflect.DeepEqual(all.Summary, s) || len(all.Workers) != s.Size {
		t.Errorf("%+v, but %+v", all, s)
	}
	if n := n.Load(); n != 3 {
		t.Errorf("Stats has asked %d times about 3 workers", n)
	}
}

// Only a worker that is told as ready, or as looping, takes calls.
func TestSummaryCountsWhoServes(t *testing.T) {
	k := newCore(Config{}, 1)
	k.workers = []*worker{
		{state: workerReady}, {state: workerReady, load: 1}, {state: workerStarting}, {state: workerLeaving},
		{state: workerReady, paused: true}, {state: workerReady, loop: loopRuns}, {state: workerReady, loop: loopOver},
		{state: workerLeaving, loop: loopRuns}, {state: workerReady, loop: loopHeld},
	}
	s, ready := k.stats(1), 0
	for _, w := range s.Workers {
		if w.State == "ready" {
			ready++
		}
	}
	if s.Size != 9 || s.Serving != 3 || ready != 2 {
		t.Errorf("%d of %d serve, %d are ready", s.Serving, s.Size, ready)
	}
	if s.Workers[6].State != "ended" || s.Workers[7].State != "leaving" {
		t.Errorf("%+v", s.Workers[6:])
	}
}

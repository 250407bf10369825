// Package taskruns remembers the tasks that were started over the control
// socket: their progress, and for a while how they ended.
//
// All methods may be called from any goroutine.
package taskruns

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/status"
)

const (
	// keptRuns is how many ended runs are remembered, and keptResults the bound of
	// their results together, in bytes as JSON.
	keptRuns    = 100
	keptResults = 16 << 20
)

// Call is a running task.
type Call interface {
	Done() <-chan struct{} // closed at its end
	PID() int
	State() status.CallState
	Progress() *status.Progress
	Cancel()
	Result() (any, error) // waits for the end
}

// Runs are the runs of a daemon. The zero value is empty.
type Runs struct {
	mu   sync.Mutex
	last uint64
	runs []*Run // in the order of their start
	over bool   // the daemon has stopped

	running sync.WaitGroup // a goroutine for each run, until its call ends
}

// Run is one run.
type Run struct {
	id      uint64
	name    string
	started time.Time
	ended   chan struct{}

	mu   sync.Mutex
	call Call // nil once it has ended: it holds argument and result
	pid  int
	far  *status.Progress
	took time.Duration
	out  any
	size int // of out, as JSON
	err  error
}

// End prevents further runs.
func (t *Runs) End() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
}

// Running is done when all runs have ended and are recorded so; use it after
// [Runs.End].
func (t *Runs) Running() *sync.WaitGroup { return &t.running }

// Start begins a run of the task of that name and remembers it. cancel is
// called at its end. After [Runs.End], Start begins no run and returns nil.
func (t *Runs) Start(name string, begin func() Call, cancel context.CancelFunc) *Run {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		cancel()
		return nil
	}
	t.last++
	r := &Run{id: t.last, name: name, started: time.Now(), ended: make(chan struct{}), call: begin()}
	t.runs = append(t.runs, r)
	t.forgetLocked()
	t.running.Go(func() {
		defer cancel()
		r.await()
		t.mu.Lock()
		defer t.mu.Unlock()
		close(r.ended)
		t.forgetLocked()
	})
	return r
}

// All returns the remembered runs, in the order of their start.
func (t *Runs) All() []*Run {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.runs)
}

// Find returns the run with that number, nil if it is not remembered.
func (t *Runs) Find(id uint64) *Run {
	for _, r := range t.All() {
		if r.id == id {
			return r
		}
	}
	return nil
}

// forgetLocked removes the oldest ended runs if there are too many.
func (t *Runs) forgetLocked() {
	ended, size := 0, 0
	for i := len(t.runs) - 1; i >= 0; i-- {
		if !t.runs[i].over() {
			continue
		}
		ended++
		size += t.runs[i].size
		if ended > keptRuns || ended > 1 && size > keptResults {
			t.runs = append(t.runs[:i:i], t.runs[i+1:]...)
		}
	}
}

// await waits for the end and keeps the result.
func (r *Run) await() {
	<-r.call.Done()
	took := time.Since(r.started)
	out, err := r.call.Result()
	var text []byte
	if err == nil {
		if text, err = strictjson.Marshal(out); err != nil {
			out, err = nil, fmt.Errorf("it ended well, but its result cannot be shown: %w", err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pid, r.far, r.took, r.out, r.size, r.err = r.call.PID(), r.call.Progress(), took, out, len(text), err
	r.call = nil
}

// Ended is closed when the run has ended.
func (r *Run) Ended() <-chan struct{} { return r.ended }

func (r *Run) over() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// Failure is the error of an ended run, or nil.
func (r *Run) Failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Info describes the run; with its result if that is wanted.
func (r *Run) Info(result bool) status.TaskRun {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := status.TaskRun{ID: r.id, Name: r.name, PID: r.pid, Started: r.started, Took: r.took, Progress: r.far}
	switch {
	case r.call != nil:
		i.PID, i.Took, i.State, i.Progress = r.call.PID(), time.Since(r.started), r.call.State().String(), r.call.Progress()
		if i.State == status.CallDone.String() {
			i.State = status.CallRunning.String() // it is ending
		}
	case r.err != nil:
		i.State, i.Error = "failed", r.err.Error()
	default:
		i.State = status.CallDone.String()
		if result {
			i.Result = r.out
		}
	}
	return i
}

// Cancel ends the run, if it has not ended.
func (r *Run) Cancel() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.call != nil {
		r.call.Cancel()
	}
}

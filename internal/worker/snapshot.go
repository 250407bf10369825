package worker

import (
	"bytes"
	"context"
	"runtime/trace"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/recorder"
	"github.com/legion-go/legion/internal/wire"
)

// flight records what the process does, for the case that the daemon has to end
// it.
type flight struct {
	memory *recorder.Memory // nil: nothing is recorded
	trace  *trace.FlightRecorder
	one    sync.Mutex // held while a snapshot is written
}

// begin begins to record, until the process ends. There is one recorder in a
// process: if the program has its own, the snapshot has only profiles.
func (f *flight) begin(m *recorder.Memory) {
	if f.memory = m; m == nil {
		return
	}
	r := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: m.Options.Window, MaxBytes: uint64(m.Options.Bytes)})
	if r.Start() == nil {
		f.trace = r
	}
}

// snapshot writes what the process did before a call was cancelled, and what it
// does until the grace is over, while that call runs.
//
// Where Procs is 1, and a function computes without end, this goroutine has to
// wait for its turn: the runtime interrupts the function each 10 ms.
func (s *server) snapshot(f link.Frame) error {
	number, grace, err := wire.DecodeSnapshot(f.Payload)
	if err != nil || s.flight.memory == nil {
		return err
	}
	call := f.Call
	s.over.Go(func() {
		// Most functions end now, and need no snapshot. A profile that the kill finds
		// unfinished would be lost.
		ctx, done := context.WithTimeout(s.life, grace-grace/8)
		defer done()
		rest(ctx, min(grace/10, 20*time.Millisecond))
		if !s.runs(call) || !s.flight.one.TryLock() {
			return
		}
		defer s.flight.one.Unlock()
		m := s.flight.memory
		m.Begin(number)
		if r := s.flight.trace; r != nil {
			if _, err := r.WriteTo(m); err != nil {
				m.EmptyTrace() // a part of one cannot be read
			}
		}
		s.profileGrace(ctx, call, grace)
	})
	return nil
}

// profileGrace makes profiles, each of a part of the grace, while a call runs.
func (s *server) profileGrace(ctx context.Context, call uint32, grace time.Duration) {
	tools, err := profilesHere()
	if err != nil {
		return
	}
	for ctx.Err() == nil && s.runs(call) {
		var b bytes.Buffer
		stop, err := tools.CPU(&b)
		if err != nil {
			return
		}
		rest(ctx, max(grace/5, 100*time.Millisecond))
		stop()
		if s.flight.memory.AddProfile(b.Bytes()) != nil {
			return
		}
	}
}

// rest waits for d, or until ctx ends.
func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// runs reports whether a call has begun and not ended.
func (s *server) runs(call uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.running[wire.Slot(call)]
	return j != nil && j.id == call
}

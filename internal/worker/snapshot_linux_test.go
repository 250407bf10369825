package worker

import (
	"errors"
	"os"
	"runtime/trace"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/recorder"
	"github.com/legion-go/legion/internal/wire"
)

// recording makes the two ends of a recorder.
func recording(t *testing.T) (*recorder.File, *recorder.Memory) {
	t.Helper()
	file, theirs, err := recorder.New(recorder.Recorder{Window: time.Second, Bytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	memory, _, err := recorder.Take(true, []*os.File{theirs})
	if err != nil {
		t.Fatal(err)
	}
	return file, memory
}

func (d *desk) snapshot(call uint32, number uint64, grace time.Duration) {
	d.give(link.Frame{Header: wire.Header{Kind: wire.Snapshot, Call: call}, Payload: wire.AppendSnapshot(nil, number, grace)})
}

// noTrace keeps the flight recorder of the process for the test: in virtual
// time a worker's own would not end.
func noTrace(t *testing.T) {
	own := trace.NewFlightRecorder(trace.FlightRecorderConfig{})
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.Stop)
}

// A call that goes on after its cancel has a profile of each fifth of the
// grace, as long as it runs, and none where the kill could find it unfinished.
func TestProfilesOfTheGrace(t *testing.T) {
	noTrace(t)
	for _, c := range []struct {
		name     string
		runs     time.Duration // after the request for the snapshot
		err      error         // of a profile
		profiles string        // a letter each
	}{
		{"it ends at once", 19 * time.Millisecond, nil, ""},
		{"it ends in the first profile", 21 * time.Millisecond, nil, "p"},
		{"it ends in the third profile", 421 * time.Millisecond, nil, "ppp"},
		{"it hangs", time.Hour, nil, "ppppp"},
		{"no profile can be made", time.Hour, errors.New("none"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			file, memory := recording(t)
			synctest.Test(t, func(t *testing.T) {
				useTools(1, c.err)
				d := serve(t, Config{Recorder: memory, Concurrency: 2})
				d.do(nth(1), "hold")
				d.snapshot(nth(2), file.Next(), time.Second) // no such call
				d.snapshot(nth(1), file.Next(), time.Second)
				const over = 876 * time.Millisecond // seven eighths of the grace
				time.Sleep(min(c.runs, over))
				if c.runs < over {
					d.release(nth(1))
					time.Sleep(over - c.runs)
				}
				for _, more := range []time.Duration{time.Hour, 0} {
					synctest.Wait()
					if kept, profiles := file.Read(); string(profiles) != c.profiles || kept != nil {
						t.Errorf("it wrote a trace of %d bytes, and the profiles %q", len(kept), profiles)
					}
					time.Sleep(more)
				}
				if c.runs > over {
					d.release(nth(1))
				}
				d.want("1 begins", "1 OK")
				d.hangup()
			})
		})
	}
}

// A request for a snapshot while one is made changes nothing; a later one
// begins anew.
func TestOneSnapshotAtATime(t *testing.T) {
	noTrace(t)
	file, memory := recording(t)
	synctest.Test(t, func(t *testing.T) {
		useTools(1, nil)
		d := serve(t, Config{Recorder: memory, Concurrency: 2})
		d.do(nth(1), "hold")
		d.do(nth(2), "hold")
		first := file.Next()
		d.snapshot(nth(1), first, time.Second)
		time.Sleep(50 * time.Millisecond)
		d.snapshot(nth(2), first+1, time.Second)
		time.Sleep(time.Hour)
		if _, profiles := file.Read(); string(profiles) != "ppppp" {
			t.Errorf("the first one has the profiles %q", profiles)
		}
		d.snapshot(nth(2), file.Next(), time.Second)
		time.Sleep(500 * time.Millisecond)
		d.release(nth(1))
		d.release(nth(2))
		time.Sleep(time.Hour)
		if _, profiles := file.Read(); string(profiles) != "ppp" {
			t.Errorf("the next one has the profiles %q", profiles)
		}
		d.want("1 begins", "2 begins", "1 OK", "2 OK")
		d.hangup()
	})
}

// A worker without a recorder makes no snapshot; a request that is no request
// ends it.
func TestSnapshotWithoutARecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		useTools(1, nil)
		d := serve(t, Config{})
		d.do(nth(1), "hold")
		d.snapshot(nth(1), 1, time.Second)
		time.Sleep(time.Hour)
		if tools.begun != 0 {
			t.Errorf("it began %d profiles", tools.begun)
		}
		d.release(nth(1))
		d.want("1 begins", "1 OK")
		d.give(link.Frame{Header: wire.Header{Kind: wire.Snapshot}, Payload: []byte("?")})
		d.wantOver(wire.ErrMalformed)
	})
}

// What a call did before its cancel is kept: the flight recorder's window.
func TestTraceOfASnapshot(t *testing.T) {
	file, memory := recording(t)
	var s server
	s.life = t.Context()
	s.flight.begin(memory)
	if s.flight.trace == nil {
		t.Fatal("nothing is recorded")
	}
	defer s.flight.trace.Stop()
	useTools(1, nil)
	j := &job{id: nth(1)}
	s.running[1] = j
	if err := s.snapshot(link.Frame{Header: wire.Header{Call: nth(1)}, Payload: wire.AppendSnapshot(nil, file.Next(), 400*time.Millisecond)}); err != nil {
		t.Fatal(err)
	}
	s.over.Wait()
	if kept, profiles := file.Read(); len(kept) == 0 || len(profiles) == 0 {
		t.Errorf("a trace of %d bytes and %d profiles", len(kept), len(profiles))
	}
}

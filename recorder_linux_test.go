package legion_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/testkit"
	"github.com/legion-go/legion/legiontest"
	_ "github.com/legion-go/legion/profile" // workers are this binary
	"github.com/legion-go/legion/status"
)

// hang makes a call that does not heed its deadline, and returns the
// certificate of its worker.
func (k *kit) hang(t *testing.T) status.Death {
	t.Helper()
	_, err := k.do.Call(t.Context(), deed{What: "loop"})
	if !errors.Is(err, legion.ErrTimeout) {
		t.Fatal(err)
	}
	return k.d.Deaths()[0]
}

// What a function did before it hung, and what it computed meanwhile, is kept
// with the certificate: also where it has the only processor of its worker,
// over each transport, and in a sandbox.
func TestRecorder(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		for _, transport := range []legion.Transport{legion.SharedMemory, legion.Socket} {
			t.Run(fmt.Sprintf("%v sealed %v", transport, sealed), func(t *testing.T) {
				if sealed {
					t.Setenv(boxKey, "yes")
				}
				k := newKit(legion.Pool{
					Max: 1, Procs: 1, Transport: transport, Timeout: 500 * time.Millisecond, KillGrace: 2 * time.Second,
					Recorder: legion.Recorder{Window: time.Second}, MemoryLimit: 1 << 30,
				}).start(t)
				d := k.hang(t)
				recordings := legion.Recordings(k.d, d.Number)
				if len(recordings) != 2 || len(d.Blobs) != 2 || recordings[0].Name != "trace.out" || recordings[1].Name != "cpu.pb.gz" {
					t.Fatalf("%+v", d)
				}
				if d.Blobs[0] != (status.Blob{Name: "trace.out", Bytes: len(recordings[0].Bytes)}) {
					t.Errorf("%+v", d.Blobs)
				}
				const function = "legion_test.(*tool).do"
				if events := testkit.GoTool(t, recordings[0].Bytes, "trace", "-d=parsed"); !strings.Contains(events, function) {
					t.Errorf("the function is not in the trace:\n%.3000s", events)
				}
				if top := testkit.GoTool(t, recordings[1].Bytes, "pprof", "-top"); !strings.Contains(top, function) {
					t.Errorf("the function is not in the profile:\n%s", top)
				}
				if tags := testkit.GoTool(t, recordings[1].Bytes, "pprof", "-tags"); !strings.Contains(tags, "main") || !strings.Contains(tags, fmt.Sprint(d.PID)) {
					t.Errorf("the labels are\n%s", tags)
				}
			})
		}
	}
}

// A call that ends in time leaves no recording to the death of its worker, even
// if that comes later, nor does a death of another cause.
func TestRecorderOfADeathWithoutADeadline(t *testing.T) {
	k := newKit(legion.Pool{
		Max: 1, Timeout: 300 * time.Millisecond, KillGrace: 10 * time.Second, Recorder: legion.Recorder{Bytes: 1 << 20},
	}).start(t)
	_, _ = k.do.Call(t.Context(), deed{What: "sleep", For: 600 * time.Millisecond}) // long enough for a snapshot
	if _, err := k.do.Call(t.Context(), deed{What: "SIGKILL"}); err == nil {
		t.Fatal("it lives")
	}
	d := k.d.Deaths()[0]
	if d.Signal != "SIGKILL" || len(d.Blobs) != 0 || len(legion.Recordings(k.d, d.Number)) != 0 {
		t.Errorf("%+v", d)
	}
}

// Whenever the kill comes, what is kept can be read.
func TestRecorderIsKilledAnyTime(t *testing.T) {
	traces, profiles := 0, 0
	for grace := time.Millisecond; grace < 700*time.Millisecond; grace = grace * 3 / 2 {
		k := newKit(legion.Pool{
			Max: 1, Procs: 1, Timeout: 100 * time.Millisecond, KillGrace: grace, Recorder: legion.Recorder{Bytes: 1 << 20},
		}).start(t)
		d := k.hang(t)
		for _, r := range legion.Recordings(k.d, d.Number) {
			switch r.Name {
			case "trace.out":
				traces++
				testkit.GoTool(t, r.Bytes, "trace", "-d=parsed")
			case "cpu.pb.gz":
				profiles++
				testkit.GoTool(t, r.Bytes, "pprof", "-raw")
			}
		}
	}
	if traces == 0 || profiles == 0 {
		t.Errorf("%d traces, %d profiles", traces, profiles)
	}
}

func TestRecorderIsChecked(t *testing.T) {
	for _, r := range []legion.Recorder{
		{Window: time.Millisecond}, {Window: time.Hour}, {Window: -time.Second}, {Bytes: 1000}, {Bytes: 1 << 30}, {Bytes: -1},
	} {
		if err := (legion.Pool{Recorder: r}).Validate(); err == nil || !strings.Contains(err.Error(), "Pool.Recorder") {
			t.Errorf("%+v: %v", r, err)
		}
	}
	for _, r := range []legion.Recorder{{}, {Window: time.Second}, {Bytes: 1 << 20}} {
		if err := (legion.Pool{Recorder: r}).Validate(); err != nil {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

func newHungTask() (*legion.Daemon, *legion.Func[int, int]) {
	d := legion.New(quiet("hungtask"))
	f := legion.Task(d, "hung", func(context.Context, int) (int, error) {
		for i := 0; ; i++ { // without a look at its context
		}
	}, legion.TaskOptions{
		Spare: -1, Procs: 1, Timeout: 500 * time.Millisecond, KillGrace: 2 * time.Second, Recorder: legion.Recorder{Window: time.Second},
	})
	return d, f
}

func init() {
	unlike = append(unlike, func() *legion.Daemon { d, _ := newHungTask(); return d })
}

// A task is recorded as a worker is.
func TestRecorderOfATask(t *testing.T) {
	d, hung := newHungTask()
	legiontest.Start(t, d)
	for len(d.Deaths()) == 0 { // its limit may be over before its process is ready, on a busy machine
		if _, err := hung.Call(t.Context(), 0); !errors.Is(err, legion.ErrTimeout) {
			t.Fatal(err)
		}
	}
	if all := legion.Recordings(d, d.Deaths()[0].Number); len(all) != 2 || all[0].Name != "trace.out" || all[1].Name != "cpu.pb.gz" {
		t.Errorf("%d recordings of %+v", len(all), d.Deaths()[0])
	}
}

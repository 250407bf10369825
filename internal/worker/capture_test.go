package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/profiling"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/sandbox"
)

// tools stand in for package profile in this package's tests.
var tools struct {
	mu     sync.Mutex
	size   int   // of a profile
	err    error // of beginning one
	begun  int
	during []string // functions that were labelled
}

func init() {
	profiling.Provide(profiling.Tools{
		CPU: func(w io.Writer) (func(), error) {
			tools.mu.Lock()
			defer tools.mu.Unlock()
			tools.begun++
			return func() { _, _ = w.Write(bytes.Repeat([]byte{'p'}, tools.size)) }, tools.err
		},
		Write: func(w io.Writer, kind string) error {
			_, _ = w.Write(bytes.Repeat([]byte{'p'}, tools.size))
			return tools.err
		},
		Label: func(_ context.Context, function string, fn func()) {
			tools.mu.Lock()
			tools.during = append(tools.during, function)
			tools.mu.Unlock()
			fn()
		},
	})
}

// useTools sets what the tools do next.
func useTools(size int, err error) {
	tools.size, tools.err, tools.begun, tools.during = size, err, 0, nil
}

func (d *desk) capture(kind string, t time.Duration) {
	d.give(link.Frame{Header: wire.Header{Kind: wire.Capture}, Payload: wire.AppendCapture(nil, kind, t)})
}

func (d *desk) captureStop() {
	d.give(link.Frame{Header: wire.Header{Kind: wire.Capture, Code: wire.CaptureStop}})
}

// A profile comes in parts after its time, or when the daemon ends it early.
// While it is made, and no longer, functions are labelled.
func TestProfileInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		useTools(2*maxPart+5, nil)
		whole := []string{fmt.Sprintf("part %d", maxPart), fmt.Sprintf("part %d", maxPart), "part 5", "captured"}
		d := serve(t, Config{})
		d.captureStop() // none is under way
		d.want()
		d.capture("heap", time.Minute)
		d.want(whole...)

		d.do(nth(1), "echo")
		d.want("1 OK")
		d.capture("cpu", 5*time.Second)
		d.do(nth(2), "echo")
		time.Sleep(5*time.Second - 1)
		d.want("2 OK")
		time.Sleep(time.Nanosecond)
		d.want(whole...)
		d.do(nth(3), "echo")
		d.want("3 OK")
		if got := fmt.Sprint(tools.during); got != "[do]" {
			t.Errorf("labelled: %s, not the one call of the profile's time", got)
		}

		d.capture("cpu", time.Minute)
		d.want()
		d.captureStop()
		d.want(whole...)
		d.captureStop()
		d.want()

		d.capture("cpu", time.Minute)
		close(d.frames) // the end of the link ends it too
		d.want(whole...)
		d.wantOver(io.EOF)
	})
}

// A part is no larger than the link takes, and nothing is missing between two.
func TestPartsOfASmallLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		useTools(2500, nil)
		d := serve(t, Config{})
		d.refuse = func(_ wire.Header, payload []byte) error {
			if len(payload) > 1000 {
				return &wire.TooLarge{Size: int64(len(payload)), Limit: 1000}
			}
			return nil
		}
		d.capture("heap", 0)
		d.want("part 1000", "part 1000", "part 500", "captured")
		d.hangup()
	})
}

// A profile that cannot be made says why, and so does one that is too large;
// one that just fits comes whole.
func TestProfileThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serve(t, Config{})
		useTools(0, errors.New("no profile today"))
		for _, kind := range []string{"cpu", "heap"} {
			d.capture(kind, time.Minute)
			d.want("capture failed: no profile today")
		}
		useTools(wire.MaxCapture, nil)
		d.capture("heap", 0)
		d.wantCaptured(wire.MaxCapture, "captured")
		useTools(wire.MaxCapture+1, nil)
		d.capture("heap", 0)
		d.wantCaptured(-1, "capture failed: it has become too large: ask for less time")
		d.hangup()
	})
}

// wantCaptured checks the end of an answer, and the size of its parts unless
// that is negative.
func (d *desk) wantCaptured(size int, end string) {
	d.t.Helper()
	said, got := d.heard(), 0
	if len(said) == 0 {
		d.t.Fatal("it says nothing")
	}
	for _, s := range said[:len(said)-1] {
		n := 0
		if _, err := fmt.Sscanf(s, "part %d", &n); err != nil {
			d.t.Fatalf("%q is no part", s)
		}
		got += n
	}
	if last := said[len(said)-1]; last != end || size >= 0 && got != size {
		d.t.Errorf("%d bytes, and then %q", got, last)
	}
}

// What is sent ends early where more of it would be too much, or cannot be
// sent.
func TestEnoughIsSent(t *testing.T) {
	d := newDesk(t)
	ended := 0
	p := &parts{conn: d, enough: func() { ended++ }, most: maxPart}
	p.take(make([]byte, enoughTrace))
	if ended != 0 || p.failed != nil {
		t.Errorf("ended %d times, %v", ended, p.failed)
	}
	if p.take(make([]byte, 1)); ended != 1 {
		t.Errorf("it went on with %d bytes", p.size)
	}
	d.refuse = func(wire.Header, []byte) error { return link.ErrClosed }
	p = &parts{conn: d, enough: func() { ended++ }, most: maxPart}
	if p.take(make([]byte, 1)); ended != 2 || !errors.Is(p.failed, link.ErrClosed) {
		t.Errorf("it went on after %v", p.failed)
	}
	d.refuse = nil
	before := len(d.said)
	if p.take(make([]byte, 1)); len(d.said) != before {
		t.Errorf("it sent %s after an error", strings.Join(d.said[before:], ", "))
	}
}

// runtime/pprof opens a file, and there are sandboxes in which that ends the
// worker: there it must not be asked.
func TestEndsReader(t *testing.T) {
	for _, c := range []struct {
		box  *sandbox.Sandbox
		ends bool
	}{
		{nil, false}, {&sandbox.Sandbox{}, false}, {&sandbox.Sandbox{Strict: true}, true}, {&sandbox.Sandbox{Strict: true, Exec: true}, true},
		{&sandbox.Sandbox{Strict: true, Read: []string{"/etc"}}, false}, {&sandbox.Sandbox{Strict: true, Network: sandbox.TCP(80)}, true},
		{&sandbox.Sandbox{Strict: true, Write: []string{"/tmp"}}, false},
	} {
		if endsReader(c.box) != c.ends {
			t.Errorf("%+v: %v", c.box, !c.ends)
		}
	}
}

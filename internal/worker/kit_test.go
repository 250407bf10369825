package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// desk is the daemon's end of a worker in virtual time. A test gives it frames,
// and reads the worker's frames and actions since, in order.
type desk struct {
	link.Conn
	t      *testing.T
	busy   atomic.Int32
	tally  Tally
	frames chan link.Frame
	inside sync.Mutex // held by a handler, and by Close, which would deadlock in a handler
	over   chan error

	mu      sync.Mutex
	said    []string
	closed  bool
	revoked map[uint32]bool
	held    map[uint32]chan struct{}
	refuse  func(h wire.Header, payload []byte) error // result of Send
}

// serve starts a worker with the functions of a desk, and reads its first
// frame.
func serve(t *testing.T, c Config) *desk {
	d := newDesk(t)
	d.begin(c)
	d.want("ready")
	return d
}

func newDesk(t *testing.T) *desk {
	return &desk{t: t, frames: make(chan link.Frame), over: make(chan error, 1), revoked: map[uint32]bool{}, held: map[uint32]chan struct{}{}}
}

func (d *desk) begin(c Config) {
	c.Busy, c.Tally = &d.busy, &d.tally
	if c.Concurrency == 0 {
		c.Concurrency = 1
	}
	if c.Context == nil {
		c.Context = context.Background()
	}
	c.Fault = func(err error) wire.Fault { return wire.Fault{Code: "code", Message: err.Error()} }
	c.Funcs = append([]Func{{Name: "do", Call: d.call}, {Name: "stream", Stream: d.stream}}, c.Funcs...)
	go func() { d.over <- Serve(d, c) }()
}

// The functions that a call can name, by their number in the hello.
const (
	doFunc = iota
	streamFunc
	ownFunc // the first of the test's own functions
)

var (
	errFailed  = errors.New("it failed")
	errRefused = fmt.Errorf("not run: %w", &RefusedError{errors.New("bad argument")})
)

// unprintable cannot be printed: printing it panics, and so does printing that
// panic.
type unprintable struct{}

func (unprintable) String() string { panic(unprintable{}) }

// call executes the command in its argument.
func (d *desk) call(ctx context.Context, _ any, in []byte, buf *[]byte) ([]byte, error) {
	what, text, _ := strings.Cut(string(in), " ")
	if what != "echo" {
		d.note("%s begins", name(Call(ctx)))
	}
	switch what {
	case "echo":
		*buf = append((*buf)[:0], text...)
		return *buf, nil
	case "hold":
		d.hold(Call(ctx))
	case "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	case "fail":
		return []byte("a result beside an error"), errFailed
	case "refuse":
		return nil, errRefused
	case "panic":
		panic("boom")
	case "panic-with":
		panic(unprintable{})
	case "panic-nil":
		panic(any(nil))
	case "exit":
		runtime.Goexit()
	case "exit-panic":
		defer panic("boom")
		runtime.Goexit()
	case "panic-exit":
		defer runtime.Goexit()
		panic("boom")
	}
	return nil, nil
}

// stream emits the elements listed in its argument, and executes the last one
// as call does.
func (d *desk) stream(ctx context.Context, state any, in []byte, emit func([]byte) error) error {
	all := strings.Split(string(in), ",")
	for i, s := range all {
		if i == len(all)-1 && s != "" {
			_, err := d.call(ctx, state, []byte(s), new([]byte))
			return err
		}
		if s == "" {
			continue
		}
		if err := emit([]byte(s)); err != nil {
			d.note("%s emit: %v", name(Call(ctx)), err)
			return err
		}
	}
	return nil
}

// hold waits until the test releases the call.
func (d *desk) hold(id uint32) {
	release := make(chan struct{})
	d.mu.Lock()
	d.held[id] = release
	d.mu.Unlock()
	<-release
}

// release lets a held call return.
func (d *desk) release(id uint32) {
	d.t.Helper()
	d.mu.Lock()
	release := d.held[id]
	delete(d.held, id)
	d.mu.Unlock()
	if release == nil {
		d.t.Fatalf("call %s does not hold", name(id))
	}
	close(release)
	synctest.Wait()
}

// nth returns the first call in a slot.
func nth(slot int) uint32 { return wire.CallID(uint8(slot), 1) }

// name returns the slot of a call, and its generation unless that is the first.
func name(id uint32) string {
	if gen := wire.Gen(id); gen != 1 {
		return fmt.Sprintf("%d.%d", wire.Slot(id), gen)
	}
	return fmt.Sprint(wire.Slot(id))
}

// give passes a frame to the worker, and waits until the worker is idle. It
// reuses the memory of the payload, as a link does.
func (d *desk) give(f link.Frame) {
	mine := slices.Clone(f.Payload)
	if !f.Owned {
		f.Payload = mine
	}
	d.frames <- f
	synctest.Wait()
	for i := range mine {
		mine[i] = '#'
	}
}

func (d *desk) tell(k wire.Kind) { d.give(link.Frame{Header: wire.Header{Kind: k}}) }

func (d *desk) request(id uint32, fn int, in string) {
	d.give(link.Frame{Header: wire.Header{Kind: wire.Request, Call: id, Code: uint16(fn)}, Payload: []byte(in)})
}

// do calls the function that executes in.
func (d *desk) do(id uint32, in string) { d.request(id, doFunc, in) }

func (d *desk) cancel(id uint32, cause wire.Cause) {
	d.give(link.Frame{Header: wire.Header{Kind: wire.Cancel, Call: id, Code: uint16(cause)}})
}

func (d *desk) credit(id uint32, t wire.Taken) {
	d.give(link.Frame{Header: wire.Header{Kind: wire.Credit, Call: id}, Payload: wire.AppendCredit(nil, t)})
}

func (d *desk) note(format string, args ...any) {
	d.mu.Lock()
	d.said = append(d.said, fmt.Sprintf(format, args...))
	d.mu.Unlock()
}

// heard returns the worker's frames and actions since the last check.
func (d *desk) heard() []string {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	said := d.said
	d.said = nil
	return said
}

// want checks the worker's frames and actions since the last check.
func (d *desk) want(lines ...string) {
	d.t.Helper()
	if said := d.heard(); !slices.Equal(said, lines) {
		d.t.Fatalf("it said:\n\t%s\nnot:\n\t%s", strings.Join(said, "\n\t"), strings.Join(lines, "\n\t"))
	}
}

// wantBusy checks the number of running functions that the link sees.
func (d *desk) wantBusy(n int32) {
	d.t.Helper()
	if b := d.busy.Load(); b != n {
		d.t.Fatalf("%d functions run, not %d", b, n)
	}
}

// hangup ends the link. Then Serve returns, and everything that it started has
// ended.
func (d *desk) hangup() {
	d.t.Helper()
	close(d.frames)
	d.wantOver(io.EOF)
}

func (d *desk) wantOver(want error) {
	d.t.Helper()
	synctest.Wait()
	select {
	case err := <-d.over:
		if !errors.Is(err, want) {
			d.t.Errorf("Serve returned %v, not %v", err, want)
		}
	default:
		d.t.Fatal("Serve does not return")
	}
	d.wantBusy(0)
}

// The methods of link.Conn.

func (d *desk) Send(h wire.Header, payload []byte) error {
	d.mu.Lock()
	refuse := d.refuse
	d.mu.Unlock()
	if refuse != nil {
		if err := refuse(h, payload); err != nil {
			return err
		}
	}
	d.note("%s", spell(h, payload))
	return nil
}

func (d *desk) Serve(h link.Handler, _ link.Lend) error {
	for f := range d.frames {
		if f.Kind == 0 {
			return nil // closed
		}
		d.inside.Lock()
		err := h(f)
		d.inside.Unlock()
		if err != nil {
			return err
		}
	}
	return io.EOF
}

func (d *desk) Begin(id uint32) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.revoked[id]
}

func (d *desk) Close() error {
	d.inside.Lock()
	defer d.inside.Unlock()
	d.mu.Lock()
	first := !d.closed
	d.closed = true
	d.mu.Unlock()
	if first {
		d.note("closed")
		d.frames <- link.Frame{}
	}
	return nil
}

// spell formats a frame of the worker for a test.
func spell(h wire.Header, payload []byte) string {
	text := string(payload)
	if f, err := wire.DecodeFault(payload); err == nil && len(payload) > 0 {
		text = f.Message
		if f.Code != "" {
			text = f.Code + ": " + text
		}
	}
	switch h.Kind {
	case wire.Ready:
		return "ready"
	case wire.Loop:
		switch wire.LoopState(h.Code) {
		case wire.LoopRuns:
			return "loop runs"
		case wire.LoopPaused:
			return "loop paused"
		case wire.LoopEnded:
			return "loop ended"
		}
		return "loop error " + text
	case wire.Response:
		return strings.TrimSpace(fmt.Sprintf("%s %v %s", name(h.Call), wire.Status(h.Code), text))
	case wire.Progress:
		d, err := wire.DecodeProgress(payload)
		return fmt.Sprintf("%s progress %v/%v %s%s", name(h.Call), d.Done, d.Of, d.Note, errText(err))
	case wire.Captured:
		switch wire.CaptureState(h.Code) {
		case wire.CapturePart:
			return fmt.Sprintf("part %d", len(payload))
		case wire.CaptureFailed:
			return "capture failed: " + text
		}
		return "captured"
	case wire.Item:
		return fmt.Sprintf("%s item %s", name(h.Call), text[:min(len(text), 20)])
	}
	return h.Kind.String()
}

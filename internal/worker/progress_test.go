package worker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

func errText(err error) string {
	if err != nil {
		return err.Error()
	}
	return ""
}

// telling is a function that tells its progress when the test says so.
type telling struct {
	ctx  context.Context
	more chan wire.Done
}

func (f *telling) call(ctx context.Context, _ any, _ []byte, _ *[]byte) ([]byte, error) {
	f.ctx = ctx
	for d := range f.more {
		Progress(context.WithoutCancel(ctx), d) // any context made from it
	}
	return nil, nil
}

func (f *telling) say(done float64, note string) {
	f.more <- wire.Done{Done: done, Of: 10, Note: note}
	synctest.Wait()
}

// At most one report in a while leaves the worker, and the last one always
// does, if the call still runs; but none after its end.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &telling{more: make(chan wire.Done)}
		d := serve(t, Config{Funcs: []Func{{Name: "tells", Call: f.call}}, Concurrency: 2})
		d.request(nth(1), ownFunc, "")
		f.say(1, "a")
		d.want("1 progress 1/10 a")
		f.say(2, "b")
		f.say(3, "c")
		d.want()
		time.Sleep(progressEvery)
		d.want("1 progress 3/10 c")
		time.Sleep(time.Hour)
		d.want()
		f.say(4, "d")
		d.want("1 progress 4/10 d")
		f.say(5, "e")
		close(f.more)
		d.want("1 OK")
		time.Sleep(time.Hour)
		Progress(f.ctx, wire.Done{Note: "too late"})
		d.want()
		if n := f.ctx.Value(serverKey{}).(*server).progress.telling.Load(); n != 0 {
			t.Errorf("%d calls that have ended are kept", n)
		}

		g := &telling{more: make(chan wire.Done)}
		*f = *g
		d.request(wire.CallID(1, 2), ownFunc, "") // another call in the same slot
		f.say(6, "f")
		d.want("1.2 progress 6/10 f")
		f.say(7, "g")
		d.cancel(wire.CallID(1, 2), wire.CauseCanceled)
		time.Sleep(time.Hour)
		d.want("1.2 progress 7/10 g") // it goes on for the time being
		close(f.more)
		d.want("1.2 OK")
		d.hangup()
	})
}

// Progress outside of a worker does nothing, and in one that has no loop
// neither outside of a call.
func TestProgressOfNothing(t *testing.T) {
	Progress(t.Context(), wire.Done{})
	synctest.Test(t, func(t *testing.T) {
		f := &telling{more: make(chan wire.Done)}
		d := serve(t, Config{Funcs: []Func{{Name: "tells", Call: f.call}}})
		d.request(nth(1), ownFunc, "")
		Progress(f.ctx.(*callContext).Context, wire.Done{}) // as what a state keeps
		d.want()
		close(f.more)
		d.want("1 OK")
		d.hangup()
	})
}

// A loop tells its progress as call 0, until its end.
func TestProgressOfTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &telling{more: make(chan wire.Done)}
		d := newDesk(t)
		d.begin(Config{Loop: func(ctx context.Context) error {
			_, _ = f.call(ctx, nil, nil, nil)
			return ErrEndLoop
		}})
		d.want("ready", "loop runs")
		f.say(1, "a")
		d.want("0.0 progress 1/10 a")
		f.say(2, "b")
		close(f.more)
		d.want("loop ended", "closed")
		Progress(context.WithoutCancel(f.ctx), wire.Done{Note: "too late"})
		time.Sleep(time.Hour)
		d.want()
		d.wantOver(nil)
	})
}

// A loop that the end of the link ends tells nothing any more.
func TestProgressAfterTheLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &telling{more: make(chan wire.Done)}
		d := newDesk(t)
		d.begin(Config{Loop: func(ctx context.Context) error {
			_, _ = f.call(ctx, nil, nil, nil)
			<-ctx.Done()
			return nil
		}})
		d.want("ready", "loop runs")
		f.say(1, "a")
		f.say(2, "b") // waits for its time
		d.want("0.0 progress 1/10 a")
		close(f.more)
		d.hangup()
		time.Sleep(time.Hour)
		d.want()
	})
}

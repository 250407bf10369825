package legion_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
)

func TestControlFollows(t *testing.T) {
	c := newControlled(t, nil).start()
	cl := c.dial()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	events := make(chan status.Event, 100)
	var following sync.WaitGroup
	following.Go(func() {
		for e, err := range client.Stream[status.Event](ctx, cl, "event.follow", nil) {
			if err != nil {
				return
			}
			events <- e
		}
	})
	lines := make(chan logLine, 100)
	following.Go(func() {
		for l, err := range client.Stream[logLine](ctx, cl, "log.follow", args{"lines": 0}) {
			if err != nil {
				return
			}
			lines <- l
		}
	})
	type note struct{ Text string }
	for deadline := time.After(30 * time.Second); ; { // until the follower is there
		if err := legion.Emit(ctx, c.d, note{"hello"}); err != nil {
			t.Fatal(err)
		}
		c.d.Logger().Info("a line", "group", slog.GroupValue(slog.Int("n", 7)))
		select {
		case e := <-events:
			if e.Type != "legion_test.note" {
				continue // of a worker, or of one of those who follow
			}
			if data, _ := e.Data.(map[string]any); data["text"] != "hello" {
				t.Errorf("event.follow gave %+v", e)
			}
		case <-deadline:
			t.Fatal("event.follow gave nothing")
		case <-time.After(10 * time.Millisecond):
			continue
		}
		break
	}
	for deadline, got := time.After(10*time.Second), false; !got; { // until that follower is there, too
		c.d.Logger().Info("a line", "group", slog.GroupValue(slog.Int("n", 7)))
		select {
		case l := <-lines:
			if l.Message != "a line" {
				continue
			}
			if g, _ := l.Attrs["group"].(map[string]any); fmt.Sprint(g["n"]) != "7" {
				t.Errorf("log.follow gave %+v", l)
			}
			got = true
		case <-deadline:
			t.Fatal("log.follow gave nothing")
		case <-time.After(10 * time.Millisecond):
		}
	}
	other := c.dial() // to be seen
	seen := func(kind string) {
		t.Helper()
		for {
			select {
			case e := <-events:
				if e.Type == kind {
					return
				}
			case <-ctx.Done():
				t.Fatalf("no %s", kind)
			}
		}
	}
	seen("ClientConnected")
	_ = other.Close()
	seen("ClientClosed")
	cancel()
	following.Wait()
}

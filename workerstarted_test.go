package legion_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/legiontest"
)

// newGreeted is a daemon whose workers note the event of their own start.
func newGreeted() (*legion.Daemon, *legion.Func[struct{}, string]) {
	d := legion.New(quiet("greeted"))
	noted := ""
	legion.On(d, func(_ context.Context, e event.WorkerStarted) error {
		noted += fmt.Sprint(e.Pool, " ", e.PID == os.Getpid())
		return nil
	})
	return d, legion.Worker(d, "ask", func(context.Context, struct{}) (string, error) { return noted, nil }, legion.Pool{Max: 1})
}

// WorkerStarted is emitted in the worker too, before it serves.
func TestWorkerStartedInTheWorker(t *testing.T) {
	legiontest.CheckLeaks(t)
	d, ask := newGreeted()
	legiontest.Start(t, d)
	if noted, err := ask.Call(t.Context(), struct{}{}); err != nil || noted != "ask true" {
		t.Errorf("the worker has noted %q, %v", noted, err)
	}
}

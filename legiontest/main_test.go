package legiontest_test

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

func TestMain(m *testing.M) {
	legiontest.Main(m, func() *legion.Daemon { d, _ := newRacy(legion.Pool{}); return d })
}

func newRacy(p legion.Pool) (*legion.Daemon, *legion.Func[int, int]) {
	d := legion.New(legion.Config{Name: "racy", Control: "none", Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	p.Max = 1
	return d, legion.Worker(d, "add", raceOnce, p)
}

// raceOnce adds without a lock.
func raceOnce(_ context.Context, n int) (sum int, _ error) {
	var all sync.WaitGroup
	for range n {
		all.Go(func() { sum++ })
	}
	all.Wait()
	return sum, nil
}

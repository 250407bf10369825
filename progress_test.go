package legion_test

import (
	"context"
	"iter"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

// teller is a daemon whose functions tell their progress, and go on until they
// are cancelled.
type teller struct {
	d      *legion.Daemon
	call   *legion.Func[int, int]
	task   *legion.Func[int, int]
	stream *legion.Stream[int, int]
	loop   *legion.Workers[telltale]
}

type telltale struct{}

func (telltale) Loop(ctx context.Context) error {
	legion.Progress(ctx, 3, 20, "page 3")
	<-ctx.Done()
	return nil
}

func newTeller(p legion.Pool) *teller {
	tells := func(ctx context.Context, n int) (int, error) {
		legion.Progress(ctx, float64(n-1), 20, "replaced at once")
		legion.Progress(ctx, float64(n), 20, "page 3")
		<-ctx.Done()
		return 0, ctx.Err()
	}
	p.Max, p.Spawn, p.Sandbox = 1, legion.Lazy, box()
	t := &teller{d: legion.New(quiet("teller"))}
	t.call = legion.Worker(t.d, "call", tells, p)
	t.task = legion.Task(t.d, "task", tells, legion.TaskOptions{Transport: p.Transport, Sandbox: box()})
	t.stream = legion.StreamWorker(t.d, "stream", func(ctx context.Context, n int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			_, err := tells(ctx, n)
			yield(0, err)
		}
	}, p)
	p.Min, p.Spawn = 1, legion.Mixed
	t.loop = legion.NewWorkers(t.d, "loop", func(context.Context) (*telltale, error) { return &telltale{}, nil }, p)
	return t
}

// A call, a task, a stream and a worker's loop tell how far they are, over both
// transports and in process.
func TestProgress(t *testing.T) {
	legion.Progress(t.Context(), 1, 2, "of nothing")
	for name, p := range map[string]legion.Pool{"memory": {}, "socket": {Transport: legion.Socket}, "in process": {}} {
		t.Run(name, func(t *testing.T) {
			legiontest.CheckLeaks(t)
			s := newTeller(p)
			if name == "in process" {
				s.d.InProcess()
			}
			legiontest.Start(t, s.d)
			right := func(p *status.Progress) bool {
				return p != nil && p.Done == 3 && p.Of == 20 && p.Note == "page 3" && !p.At.IsZero()
			}
			running := func(s *legion.Supervisor) bool {
				for _, w := range s.Stats().Workers {
					for _, r := range w.Running {
						if right(r.Progress) {
							return true
						}
					}
				}
				return false
			}
			for _, f := range []*legion.Func[int, int]{s.call, s.task} {
				fut := f.Go(t.Context(), 3)
				await(t, func() bool { return right(fut.Progress()) })
				if !right(fut.Info().Progress) || !running(f.Pool()) {
					t.Errorf("%s: %+v; %+v", f.Name(), fut.Info(), f.Pool().Stats().Workers)
				}
				fut.Cancel()
				if <-fut.Done(); !right(fut.Progress()) {
					t.Errorf("%s: after its end %+v", f.Name(), fut.Progress())
				}
			}
			await(t, func() bool { return running(s.loop.Supervisor) })
			ctx, cancel := context.WithCancel(t.Context())
			seen := make(chan bool, 1)
			go func() {
				defer cancel()
				await(t, func() bool { return running(s.stream.Pool()) })
				seen <- true
			}()
			for range s.stream.All(ctx, 3) {
			}
			<-seen
		})
	}
}

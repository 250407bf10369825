package legion_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/legiontest"
)

// patients is a daemon with a pool of two functions. One kills its worker as
// long as the file that it gets exists.
type patients struct {
	d         *legion.Daemon
	sick, fit *legion.Func[string, int]
}

func newPatients(p legion.Pool) *patients {
	d := legion.New(quiet("patients"))
	w := legion.NewWorkers(d, "ward", func(context.Context) (*patients, error) { return new(patients), nil }, p)
	return &patients{d,
		legion.Handle(w, "sick", func(_ *patients, _ context.Context, path string) (int, error) {
			if _, err := os.Stat(path); err == nil {
				os.Exit(3)
			}
			return 1, nil
		}),
		legion.Handle(w, "fit", func(*patients, context.Context, string) (int, error) { return 2, nil }),
	}
}

// A function that kills a worker at each call is refused, and the pool's other
// function, which is called all the time, notices nothing.
func TestQuarantineSparesTheOthers(t *testing.T) {
	legiontest.CheckLeaks(t)
	p := newPatients(legion.Pool{Min: 2, Max: 2, CrashBudget: 5, MaxRestarts: 12})
	news := make(chan any, 100)
	legion.On(p.d, func(_ context.Context, e event.FunctionPoisoned) error { news <- e; return nil })
	legion.On(p.d, func(_ context.Context, e event.FunctionReadmitted) error { news <- e; return nil })
	legiontest.Start(t, p.d)
	sick := filepath.Join(t.TempDir(), "sick")
	write := func() {
		t.Helper()
		if err := os.WriteFile(sick, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mend := func() {
		t.Helper()
		if err := os.Remove(sick); err != nil {
			t.Fatal(err)
		}
	}

	ctx, done := context.WithCancel(t.Context())
	var others sync.WaitGroup
	for range 2 {
		others.Go(func() {
			for ctx.Err() == nil {
				if n, err := p.fit.Call(t.Context(), ""); n != 2 || err != nil {
					t.Errorf("the other function: %v", err)
					return
				}
			}
		})
	}
	defer others.Wait()
	defer done()

	// poison calls the function until it is refused.
	poison := func() *legion.WorkerError {
		t.Helper()
		for crashes := 0; ; crashes++ {
			_, err := p.sick.Call(t.Context(), sick)
			if died := (*legion.WorkerError)(nil); !errors.Is(err, legion.ErrCrashed) && errors.As(err, &died) && errors.Is(err, legion.ErrPoisoned) {
				if crashes != 5 {
					t.Errorf("it was refused after %d crashes", crashes)
				}
				return died
			}
			if !errors.Is(err, legion.ErrCrashed) || crashes > 5 {
				t.Fatalf("after %d crashes: %v", crashes, err)
			}
		}
	}
	write()
	err := poison()
	if err.RetryAfter <= 0 || err.RetryAfter > time.Second || err.PID != 0 || !strings.Contains(err.Error(), "sick: call kills workers: the function is in quarantine: 5 workers in a row died of its calls, the last one pid ") ||
		!strings.Contains(err.Error(), " exited with code 3; retry in ") {
		t.Errorf("%+v", err)
	}
	s := p.fit.Pool().Stats()
	if f := s.Funcs[0]; s.State != "running" || !slices.Equal(s.Poisoned, []string{"sick"}) || f.Deaths != 5 || f.RetryAfter <= 0 || s.Funcs[1].Deaths+int(s.Funcs[1].RetryAfter) != 0 {
		t.Errorf("%+v", s)
	}
	if e, ok := (<-news).(event.FunctionPoisoned); !ok || e.Pool != "ward" || e.Func != "sick" || e.Deaths != 5 || e.RetryAfter != time.Second || !strings.Contains(e.Reason, "exited with code 3") {
		t.Errorf("%+v", e)
	}
	if e, ok := probe(t, p, sick, news).(event.FunctionPoisoned); !ok || e.Deaths != 6 || e.RetryAfter != 2*time.Second {
		t.Errorf("after the death of a probe: %+v", e)
	}
	mend()
	if e := probe(t, p, sick, news); e != (event.FunctionReadmitted{Pool: "ward", Func: "sick", Why: "success"}) {
		t.Errorf("after the success of a probe: %+v", e)
	}
	if n, err := p.sick.Call(t.Context(), sick); n != 1 || err != nil {
		t.Errorf("the mended function: %v", err)
	}

	write()
	poison()
	<-news
	mend()
	if err := p.sick.Pool().Readmit("sick", "missing"); err == nil || !strings.Contains(err.Error(), `pool ward has no function "missing": it has sick, fit`) {
		t.Errorf("Readmit of a function that is not there: %v", err)
	}
	if err := p.sick.Pool().Readmit("sick"); err != nil {
		t.Error(err)
	}
	if n, err := p.sick.Call(t.Context(), sick); n != 1 || err != nil {
		t.Errorf("the readmitted function: %v", err)
	}
	if e := <-news; e != (event.FunctionReadmitted{Pool: "ward", Func: "sick", Why: "request"}) {
		t.Errorf("%+v", e)
	}
}

// probe calls the function until there is news of it.
func probe(t *testing.T, p *patients, path string, news chan any) any {
	t.Helper()
	for {
		_, err := p.sick.Call(t.Context(), path)
		var refused *legion.WorkerError
		if !errors.As(err, &refused) || refused.RetryAfter == 0 {
			return <-news
		}
		time.Sleep(refused.RetryAfter)
	}
}

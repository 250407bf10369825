package methods

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/describe"
	"github.com/legion-go/legion/internal/watch"
	"github.com/legion-go/legion/status"
)

// What a second costs the daemon while pages show everything, all of which
// changes: with 20 pools of three functions and two workers, and with 1,000
// workers and 10,000 events. It counts processor time, so other work on the
// machine matters little; a millisecond is 0.1 % of a processor. Files in /proc
// and the connections come on top.
func BenchmarkWatch(b *testing.B) {
	all := []string{"daemon", "pools", "funcs", "workers", "calls", "slow", "deaths", "kinds", "history", "crons", "tasks", "clients"}
	for _, c := range []struct {
		name                          string
		pools, workers, events, pages int
		topics                        []string
	}{
		{"pools=20/overview", 20, 2, 0, 1, []string{"daemon", "pools", "history", "deaths"}},
		{"pools=20/everything", 20, 2, 0, 1, all},
		{"workers=1000/events=10000/pages=0", 20, 50, 10_000, 0, nil},
		{"workers=1000/events=10000/pages=1", 20, 50, 10_000, 1, all},
		{"workers=1000/events=10000/pages=10", 20, 50, 10_000, 10, all},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := newFake()
			f.pools = nil
			for i := range c.pools {
				f.pools = append(f.pools, busyPool(f, i, c.workers))
			}
			l := &looker{caller: caller{Daemon: f}}
			seconds := 0
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			second := func() {
				if seconds++; seconds > b.N {
					cancel()
				}
				f.changed(c.events)
			}
			l.hub = watch.New(func(wanted func(string) bool, put func(topic, key, pool string, value any)) {
				second()
				l.look(wanted, put)
			})
			f.history.Tick(time.Now(), l.caller.measured())
			b.ReportAllocs()
			b.ResetTimer()
			began := processorTime(b)
			var bytes atomic.Int64
			var pages sync.WaitGroup
			for range c.pages {
				pages.Go(func() { bytes.Add(f.page(b, ctx, l.hub, c.topics)) })
			}
			for c.pages == 0 && ctx.Err() == nil {
				second()
			}
			pages.Wait()
			took := processorTime(b) - began
			b.ReportMetric(took.Seconds()/float64(b.N)*1000, "cpu-ms/s")
			b.ReportMetric(float64(bytes.Load())/float64(b.N*max(c.pages, 1))/1000, "KB/s")
		})
	}
}

// fakeSecond is what a second lasts in a benchmark: all pages must come to
// their turn within it.
const fakeSecond = 100 * time.Millisecond

// page views topics and events until ctx ends, and returns how many bytes it
// got.
func (f *fake) page(b *testing.B, ctx context.Context, hub *watch.Hub, topics []string) (bytes int64) {
	follower := f.events.Add(func(e status.Event) bool { return !isFrequent(e.Type) })
	defer f.events.Remove(follower)
	events := watch.List{Topic: "events", Take: func() ([]any, uint64) {
		return shownTo(follower.Take, func(e status.Event) (status.Event, bool) { return control.EventFor(ctx, e), true })
	}}
	err := hub.View(ctx, watch.View{Topics: topics, Every: fakeSecond, Lists: []watch.List{events}}, func(item []byte) error {
		bytes += int64(len(item))
		return nil
	})
	if err != nil {
		b.Error(err)
	}
	return bytes
}

// busyPool returns a pool all of whose workers run a call.
func busyPool(f *fake, number, workers int) *fakePool {
	p := &fakePool{f: f, stats: status.PoolStats{Name: fmt.Sprint("pool", number), Kind: "worker", State: "running", Funcs: make([]status.FuncStats, 3)}}
	for i := range p.stats.Funcs {
		p.stats.Funcs[i].Name = fmt.Sprint("func", i)
	}
	for i := range workers {
		p.stats.Workers = append(p.stats.Workers, status.WorkerStats{
			ID: uint64(i), PID: 1000 + i, State: "ready", Load: 1, Call: "func1", Running: []status.Running{{Call: uint64(i), Func: "func1"}},
		})
	}
	return p
}

// processorTime is what this process has taken so far.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// changed lets a second pass in which every value changes, and so many events
// come.
func (f *fake) changed(events int) {
	for _, p := range f.pools {
		p.stats.Calls++
		for i := range p.stats.Funcs {
			p.stats.Funcs[i].Calls++
		}
		for i := range p.stats.Workers {
			w := &p.stats.Workers[i]
			w.Calls++
			w.Age += time.Second
			w.For = time.Duration(w.Calls*uint64(i)*7919) % time.Second
			w.Running[0].Call, w.Running[0].For = w.Calls, w.For
		}
	}
	for range events { // as the daemon does
		e := status.Event{Time: time.Now(), Type: EventName(reflect.TypeFor[event.WorkerStarted](), "")}
		if f.events.Wanted(e) {
			e.Data = describe.Value(reflect.ValueOf(event.WorkerStarted{Pool: "pool1", PID: 7}))
			f.events.Offer(e)
		}
	}
}

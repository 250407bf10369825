package methods

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/describe"
	"github.com/legion-go/legion/internal/watch"
	"github.com/legion-go/legion/status"
)

// What a second costs the daemon with a viewer, all of whose values change, the
// encoding included: with 20 pools of three functions and two workers; and with
// 1,000 workers and 10,000 events. A millisecond is 0.1 % of a processor.
func BenchmarkWatch(b *testing.B) {
	all := []string{"daemon", "pools", "funcs", "workers", "calls", "slow", "deaths", "kinds", "history", "crons", "tasks", "clients"}
	for _, c := range []struct {
		name                   string
		pools, workers, events int
		topics                 []string
	}{
		{"pools=20", 20, 2, 0, []string{"daemon", "pools", "funcs", "history"}},
		{"pools=20/everything", 20, 2, 0, all},
		{"workers=1000/events=10000", 20, 50, 10_000, all},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := newFake()
			f.pools = nil
			for i := range c.pools {
				p := &fakePool{f: f, stats: status.PoolStats{Name: fmt.Sprint("pool", i), Kind: "worker", State: "running", Funcs: make([]status.FuncStats, 3)}}
				for j := range p.stats.Funcs {
					p.stats.Funcs[j].Name = fmt.Sprint("func", j)
				}
				for j := range c.workers {
					p.stats.Workers = append(p.stats.Workers, status.WorkerStats{ID: uint64(j), PID: 1000 + j, State: "ready"})
				}
				f.pools = append(f.pools, p)
			}
			follower := f.events.Add(func(e status.Event) bool { return !isFrequent(e.Type) })
			defer f.events.Remove(follower)
			view := watch.View{Topics: c.topics, Every: 1, Lists: []watch.List{{Topic: "events", Take: func() ([]any, uint64) {
				return shownTo(follower.Take, func(e status.Event) (status.Event, bool) { return control.EventFor(b.Context(), e), true })
			}}}}
			l := &looker{caller: caller{Daemon: f}}
			seconds, bytes := 0, 0
			ctx, cancel := context.WithCancel(b.Context())
			hub := watch.New(func(wanted func(string) bool, put func(topic, key, pool string, value any)) {
				if seconds++; seconds > b.N {
					cancel()
				}
				f.changed(c.events)
				l.look(wanted, put)
			})
			l.hub = hub
			f.history.Tick(time.Now(), l.caller.measured())
			b.ReportAllocs()
			b.ResetTimer()
			err := hub.View(ctx, view, func(item []byte) error {
				bytes += len(item)
				return nil
			})
			if err != nil {
				b.Error(err)
			}
			b.ReportMetric(float64(bytes)/float64(b.N)/1000, "KB/s")
		})
	}
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
			p.stats.Workers[i].Calls++
			p.stats.Workers[i].Age += time.Second
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

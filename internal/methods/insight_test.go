package methods

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/status"
)

// watchAs follows the method watch with a role, until stop is called.
func watchAs(t *testing.T, f *fake, role rpc.Role, params string) (items chan status.Change, stop func() error) {
	t.Helper()
	for _, m := range of(f) {
		if m.Name != "watch" {
			continue
		}
		var in watchIn
		if err := json.Unmarshal([]byte(params), &in); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(rpc.WithCaller(t.Context(), rpc.Caller{Role: role}))
		items, ended := make(chan status.Change, 100), make(chan error, 1)
		go func() {
			ended <- m.Stream(ctx, in, func(item any) error {
				var c status.Change
				err := strictjson.Unmarshal(reflect.ValueOf(item).Bytes(), &c) // it is encoded
				items <- c
				return err
			})
		}()
		return items, func() error { cancel(); return <-ended }
	}
	t.Fatal("there is no method watch")
	return nil, nil
}

// Each topic has what it is to have, in the form that the page knows.
func TestWatchTopics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.pools[0].stats.Funcs = []status.FuncStats{{Name: "shrink", Calls: 5}}
		f.pools[0].stats.Workers[0].ID, f.pools[0].stats.Workers[0].Age = 3, 95*time.Second
		f.pools[0].running = []pool.CallInfo{{Number: 8, Running: true}}
		f.pools[0].slowest = []pool.CallInfo{{Number: 6, Func: "shrink", Kind: pool.OK}}
		f.crons = []Scheduled{{Cron: status.Cron{Name: "every 1s", Spec: "1s"}}}
		death, _ := f.deaths.Add(status.Death{Pool: "resize", Cause: "exit", Stack: "goroutine 1"}, nil)
		items, stop := watchAs(t, f, rpc.Read, `{"topics":["daemon","pools","funcs","workers","crons","tasks","clients","deaths","kinds","calls","slow"],"pool":"resize"}`)
		want := map[string]string{
			"daemon": `"name":"fake"`, "pools resize": `"state":"running"`, "pools nightly": `"name":"nightly"`, "funcs resize/shrink": `{"pool":"resize","name":"shrink","calls":5`,
			"workers resize/3": `"pid":11`, "crons every 1s": `"spec":"1s"`, "clients 7": `"role":"read"`,
			"deaths 1": `"cause":"exit"`, "kinds " + death.Kind: `"count":1`,
			"calls resize/8": `"state":"running"`, "slow resize/shrink/6": `"outcome":"ok"`,
		}
		synctest.Wait()
		for range 11 {
			c := <-items
			if !c.Full {
				t.Errorf("%+v", c)
			}
			for key, value := range c.Set {
				text := string(value)
				if strings.Contains(text, `"workers":[`) || strings.Contains(text, `"funcs":[`) || strings.Contains(text, `"pools":[`) || strings.Contains(text, "goroutine") {
					t.Errorf("%s %s has what is a topic of its own: %s", c.Topic, key, text)
				}
				for what, part := range want {
					if (what == c.Topic || what == c.Topic+" "+key) && strings.Contains(text, part) {
						delete(want, what)
					}
				}
				if c.Topic == "workers" && key == "resize/3" && !strings.Contains(text, `"age":90,`) {
					t.Errorf("its age is news each second: %s", text)
				}
				if c.Topic != "pools" && (strings.Contains(key, "nightly") || strings.Contains(key, "spare")) {
					t.Errorf("%s %s is of another pool", c.Topic, key)
				}
			}
		}
		if len(want) > 0 {
			t.Errorf("missing: %v", want)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if len(items) > 0 {
			t.Errorf("nothing has changed, and there is %+v", <-items)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// Memory and processor times of many workers, and of those that nobody watches,
// are not read at each look.
func TestWorkersAreReadSeldom(t *testing.T) {
	for name, c := range map[string]struct{ workers, reads int }{`["pools","workers"]`: {100, 30}, `["workers"]`: {101, 6}, `["pools"]`: {5, 6}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.pools = f.pools[:1]
			f.pools[0].stats.Workers = nil
			for i := range c.workers {
				f.pools[0].stats.Workers = append(f.pools[0].stats.Workers, status.WorkerStats{ID: uint64(i)})
			}
			_, stop := watchAs(t, f, rpc.Read, `{"topics":`+name+`}`)
			time.Sleep(30*time.Second - time.Nanosecond)
			synctest.Wait()
			if err := stop(); err != nil || f.reads != c.reads {
				t.Errorf("%s with %d workers: read %d times in 30 s, want %d (%v)", name, c.workers, f.reads, c.reads, err)
			}
		})
	}
}

// Events and records of the log come without stacks for the role read; what a
// slow viewer misses is counted.
func TestWatchLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.log = logs.New(logs.Config{Own: slog.New(slog.NewTextHandler(io.Discard, nil))}, logs.Handlers{Wanted: func() bool { return false }})
		if err := f.log.Open(); err != nil {
			t.Fatal(err)
		}
		log := f.log.Logger
		log.Error("before", "stack", "goroutine 1")
		log.Info("not that")
		items, stop := watchAs(t, f, rpc.Read, `{"topics":["logs","events"],"level":"error","every":60}`)
		if c := <-items; c.Topic != "events" || len(c.Add) != 0 || c.Missed != 0 {
			t.Errorf("that nothing has happened yet is not said: %+v", c)
		}
		if c := <-items; c.Topic != "logs" || len(c.Add) != 1 || !strings.Contains(string(c.Add[0]), "needs the role operate") {
			t.Errorf("%s", c.Add)
		}
		synctest.Wait()
		for range 300 {
			f.events.Offer(status.Event{Type: "WorkerExited", Data: map[string]any{"stack": "goroutine 1"}})
			f.events.Offer(status.Event{Type: "Idle"})
		}
		c := <-items
		if c.Topic != "events" || len(c.Add) != 256 || c.Missed != 44 || strings.Contains(string(c.Add[0]), "goroutine") {
			t.Errorf("%s: %d, missed %d, %s", c.Topic, len(c.Add), c.Missed, c.Add[0])
		}
		if err := stop(); err != nil || f.events.Followed() {
			t.Error(err, "or a follower is left")
		}
	})
}

func TestWatchMistakes(t *testing.T) {
	for params, want := range map[string]string{
		`{}`:                                 "topics: name at least one of: daemon, pools,",
		`{"topics":["pool"]}`:                `topics: there is no topic "pool"; there are: daemon,`,
		`{"topics":["pools","pools"]}`:       `topics: "pools" is there twice`,
		`{"topics":["pools"],"pool":"x"}`:    "pool: ",
		`{"topics":["logs"],"level":"high"}`: "level: ",
	} {
		_, stop := watchAs(t, newFake(), rpc.Read, params)
		var e *rpc.Error
		if err := stop(); !errors.As(err, &e) || e.Code != rpc.CodeParams || !strings.HasPrefix(e.Message, want) {
			t.Errorf("%s: %v", params, err)
		}
	}
}

// Lists of calls are bounded, and in their order, over all pools.
func TestCallList(t *testing.T) {
	f := newFake()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 150 {
		for _, p := range f.pools[:2] {
			p.running = append(p.running, pool.CallInfo{Number: uint64(i + 1), Queued: at.Add(time.Duration(i) * time.Second), Running: true})
			p.slowest = append(p.slowest, pool.CallInfo{Number: uint64(i + 1), Kind: pool.OK, Wait: time.Second, Run: time.Duration(i) * time.Second})
		}
	}
	f.pools[1].waiting = f.pools[1].running[:3]
	var all status.Calls
	text, err := f.call(t, "call.list", "")
	if err != nil || json.Unmarshal([]byte(text), &all) != nil {
		t.Fatal(err, text)
	}
	if len(all.Running) != 200 || all.Running[0].Call != 1 || all.Running[199].Call != 100 || len(all.Waiting) != 3 {
		t.Errorf("%d running, %d waiting", len(all.Running), len(all.Waiting))
	}
	if len(all.Slowest) != 200 || all.Slowest[0].Call != 150 || all.Slowest[199].Call != 51 {
		t.Errorf("%d slow", len(all.Slowest))
	}
	text, err = f.call(t, "call.list", `{"pool":"resize"}`)
	if err != nil || json.Unmarshal([]byte(text), &all) != nil || len(all.Running) != 150 || all.Running[0].Pool != "resize" || len(all.Waiting) != 0 {
		t.Errorf("%v %.200s", err, text)
	}
	if _, err := f.call(t, "call.list", `{"pool":"x"}`); !wrong(err, "pool: ") {
		t.Error(err)
	}
}

// History is kept each second, from the start, of whatever runs.
func TestHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.pools[0].stats.Funcs = []status.FuncStats{{Name: "shrink", Calls: 5}}
		all, keep := Of(f)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { keep(ctx); close(ended) }()
		time.Sleep(3*time.Second + time.Millisecond)
		for _, m := range all {
			if m.Name != "history.get" {
				continue
			}
			out, err := m.Call(t.Context(), historyIn{Pool: "resize", Step: 1})
			if h := out.(status.History); err != nil || len(h.Samples) != 3 || h.Samples[0].Calls != 5 || h.Samples[2].Calls != 0 || h.Folded {
				t.Errorf("%v %+v", err, h)
			}
			none := "none"
			for want, in := range map[string]historyIn{
				"pool: ": {Pool: "x", Step: 1}, "func: the pool resize has no function": {Pool: "resize", Func: &none, Step: 1}, "step: 2 is not": {Pool: "resize", Step: 2},
			} {
				if _, err := m.Call(t.Context(), in); !wrong(err, want) {
					t.Errorf("%v, not %s", err, want)
				}
			}
		}
		cancel()
		<-ended
	})
}

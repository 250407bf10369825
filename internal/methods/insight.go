package methods

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/watch"
	"github.com/legion-go/legion/status"
)

type watchIn struct {
	Topics []string       `json:"topics" usage:"what to watch: daemon, pools, funcs, workers, calls, slow, deaths, kinds, history, crons, tasks, plugins, clients, events, logs"`
	Every  *time.Duration `json:"every" usage:"seconds between two items of a topic. Default 1, least 0.25"`
	Pool   *string        `json:"pool,omitzero" usage:"only what belongs to this pool, or to none"`
	Level  *string        `json:"level" usage:"of logs: debug, info, warn or error. Default: all that is logged"`
}

// leastEvery is the shortest interval of the method watch.
const leastEvery = 250 * time.Millisecond

// watchedLines is how many records of the log the method watch sends at first.
const watchedLines = 200

type historyIn struct {
	Pool string  `json:"pool" usage:"the name of a pool"`
	Func *string `json:"func,omitzero" usage:"the name of one of its functions; without it the whole pool"`
	Step int     `json:"step" usage:"seconds of a sample: 1, 10 or 60"`
}

// insightMethods are the methods that show what a daemon does.
func (d caller) insightMethods() []rpc.Method {
	return []rpc.Method{
		rpc.Encoded[watchIn, status.Change]("watch", "What there is of some topics, and then what changes.\n\n"+
			"Each item has the changes of a topic, at most one in each interval: set has the values that are new or have changed, gone the names of "+
			"those that are no more. The first one, with full, has all there is, and so has one to a client that looks so seldom that too much has changed. Of events and logs, add has what came, and missed says how many "+
			"were left out before the last of these: there is room for 256 between two items. The first item of each topic comes at once, also if there is nothing.", rpc.Read, d.watch),
		Look("history.get", "How a pool, or one of its functions, did: each second of the last five minutes, each ten seconds of an hour, or each minute of a day.", d.getHistory),
		Look("call.list", "The oldest calls that run and that wait, the slowest of the last hour, and those that ended last, of a pool or of all.", d.listCalls),
	}
}

func (d caller) watch(ctx context.Context, in watchIn, send func(item []byte) error) error {
	v, err := d.view(in)
	if err != nil {
		return err
	}
	if slices.Contains(in.Topics, "events") {
		f := d.Events().Add(func(e status.Event) bool { return !isFrequent(e.Type) })
		defer d.Events().Remove(f)
		v.Lists = append(v.Lists, watch.List{Topic: "events", Take: func() ([]any, uint64) {
			return shownTo(f.Take, func(e status.Event) (status.Event, bool) { return control.EventFor(ctx, e), true })
		}})
	}
	if slices.Contains(in.Topics, "logs") {
		lines := watchedLines
		tail := tailIn{Lines: &lines, Level: in.Level}
		_, level, err := tail.read()
		if err != nil {
			return err
		}
		take, end := d.Log().Watch(lines, level)
		defer end()
		v.Lists = append(v.Lists, watch.List{Topic: "logs", Take: func() ([]any, uint64) {
			return shownTo(take, func(r status.LogRecord) (status.LogRecord, bool) { return control.RecordFor(ctx, r) })
		}})
	}
	return d.hub.View(ctx, v, send)
}

func (d caller) getHistory(_ context.Context, in historyIn) (status.History, error) {
	p, err := d.poolNamed(in.Pool)
	if err != nil {
		return status.History{}, err
	}
	fn := ""
	if in.Func != nil {
		fn = *in.Func
		var names []string
		for _, f := range p.Stats().Funcs {
			names = append(names, f.Name)
		}
		if !slices.Contains(names, fn) {
			return status.History{}, Wrong("func", "the pool %s has no function %q; it has: %s", in.Pool, fn, strings.Join(names, ", "))
		}
	}
	all, err := d.History().Get(in.Pool, fn, in.Step)
	if err != nil {
		return all, Wrong("step", "%v", err)
	}
	return all, nil
}

// listedCalls is how many calls each list of call.list has at most.
const listedCalls = 200

func (d caller) listCalls(_ context.Context, in poolsIn) (all status.Calls, err error) {
	name, err := nameOrAll(in.Pool)
	if err != nil {
		return all, err
	}
	pools := d.Pools()
	if name != "" {
		p, err := d.poolNamed(name)
		if err != nil {
			return all, err
		}
		pools = []Pool{p}
	}
	for _, p := range pools {
		add := func(to *[]status.CallInfo, calls []pool.CallInfo) {
			for _, c := range calls {
				*to = append(*to, c.Status(p.Name()))
			}
		}
		if m, err := d.Machine(p); err == nil { // else it has not started, or has stopped
			running, waiting := m.Calls()
			add(&all.Running, running)
			add(&all.Waiting, waiting)
			add(&all.Slowest, m.Slowest())
		}
		all.Recent = append(all.Recent, p.Recent().Calls...)
	}
	took := func(c status.CallInfo) time.Duration { return c.Wait + c.Run }
	most := func(list *[]status.CallInfo, before func(a, b status.CallInfo) int) {
		slices.SortStableFunc(*list, before)
		*list = (*list)[:min(len(*list), listedCalls)]
	}
	most(&all.Running, func(a, b status.CallInfo) int { return a.Queued.Compare(b.Queued) })
	most(&all.Waiting, func(a, b status.CallInfo) int { return a.Queued.Compare(b.Queued) })
	most(&all.Slowest, func(a, b status.CallInfo) int { return cmp.Compare(took(b), took(a)) })
	most(&all.Recent, func(a, b status.CallInfo) int { return b.Ended.Compare(a.Ended) })
	return all, nil
}

// view checks what a client wants to watch, except for lists.
func (d caller) view(in watchIn) (v watch.View, err error) {
	v.Every = time.Second
	if in.Every != nil {
		v.Every = max(*in.Every, leastEvery)
	}
	if in.Pool != nil {
		if _, err := d.poolNamed(*in.Pool); err != nil {
			return v, err
		}
		v.Pool = *in.Pool
	}
	if len(in.Topics) == 0 {
		return v, Wrong("topics", "name at least one of: %s", strings.Join(status.WatchTopics, ", "))
	}
	for i, name := range in.Topics {
		switch {
		case !slices.Contains(status.WatchTopics, name):
			return v, Wrong("topics", "there is no topic %q; there are: %s", name, strings.Join(status.WatchTopics, ", "))
		case slices.Contains(in.Topics[:i], name):
			return v, Wrong("topics", "%q is there twice", name)
		case name != "events" && name != "logs":
			v.Topics = append(v.Topics, name)
		}
	}
	return v, nil
}

// shownTo returns what take returns, as a client may see it.
func shownTo[T any](take func() ([]T, uint64), as func(T) (T, bool)) (all []any, missed uint64) {
	items, missed := take()
	for _, item := range items {
		if item, ok := as(item); ok {
			all = append(all, item)
		}
	}
	return all, missed
}

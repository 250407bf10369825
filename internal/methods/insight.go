package methods

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/legion-go/legion/internal/control"
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

// insightMethods are the methods that show what a daemon does.
func (d caller) insightMethods() []rpc.Method {
	return []rpc.Method{
		rpc.Streamed("watch", "What there is of some topics, and then what changes.\n\n"+
			"Each item has the changes of a topic, at most one in each interval: set has the values that are new or have changed, gone the names of "+
			"those that are no more. The first one, with full, has all there is. Of events and logs, add has what came, and missed says how many "+
			"were left out before the last of these: there is room for 256 between two items.", rpc.Read, d.watch),
	}
}

func (d caller) watch(ctx context.Context, in watchIn, send func(status.Change) error) error {
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

package legion

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/describe"
	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/methods"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/status"
)

type followEventsIn struct {
	Types []string `json:"types,omitzero" usage:"which types; without it all but Idle, PreExecute and PostExecute, of which there are many"`
}

type tailIn struct {
	Lines *int    `json:"lines" usage:"how many records at most. Default 100"`
	Level *string `json:"level" usage:"debug, info, warn or error: only records of that level or above"`
}

type followStatsIn struct {
	Every *time.Duration `json:"every" usage:"seconds between two items. Default 1"`
}

// minEvery is how often statistics can be followed at most.
const minEvery = 100 * time.Millisecond

// watchMethods are those that show what happens.
func (d *Daemon) watchMethods() []rpc.Method {
	return []rpc.Method{
		methods.Look("event.list", "The types of events, and how often they came.", func(context.Context, methods.None) ([]status.EventType, error) { return d.eventList(), nil }),
		rpc.Streamed("event.follow", "Events as they happen.", RoleRead, d.followEvents),
		methods.Look("log.tail", "The last records of the log. The daemon remembers a thousand, and at most 512 KiB.", func(ctx context.Context, in tailIn) ([]status.LogRecord, error) {
			lines, level, err := in.read()
			if err != nil {
				return nil, err
			}
			shown := []status.LogRecord{}
			for _, r := range d.log.Tail(lines, level) {
				if r, ok := control.RecordFor(ctx, r); ok {
					shown = append(shown, r)
				}
			}
			return shown, nil
		}),
		rpc.Streamed("log.follow", "The last records of the log, and then new ones as they come.", RoleRead, d.followLog),
		rpc.Streamed("stats.follow", "What daemon.status returns, again and again.", RoleRead, d.followStats),
	}
}

func (in *tailIn) read() (lines int, level slog.Level, err error) {
	lines, level = 100, logs.Everything
	if in.Lines != nil {
		if lines = *in.Lines; lines < 0 {
			return 0, 0, methods.Wrong("lines", "it must not be negative")
		}
	}
	if in.Level != nil {
		if err := level.UnmarshalText([]byte(*in.Level)); err != nil {
			return 0, 0, methods.Wrong("level", "%q is none: use debug, info, warn or error", *in.Level)
		}
	}
	return lines, level, nil
}

func (d *Daemon) followLog(ctx context.Context, in tailIn, send func(status.LogRecord) error) error {
	lines, level, err := in.read()
	if err != nil {
		return err
	}
	return d.log.Follow(ctx, lines, level, func(r status.LogRecord) error {
		if shown, ok := control.RecordFor(ctx, r); ok {
			return send(shown)
		}
		return nil
	})
}

func (d *Daemon) followStats(ctx context.Context, in followStatsIn, send func(status.Daemon) error) error {
	every := time.Second
	if in.Every != nil {
		every = max(*in.Every, minEvery)
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := send(d.status()); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (d *Daemon) followEvents(ctx context.Context, in followEventsIn, send func(status.Event) error) error {
	f := d.events.watchers.Add(func(e status.Event) bool {
		return slices.Contains(in.Types, e.Type) || len(in.Types) == 0 && !isFrequent(e.Type)
	})
	defer d.events.watchers.Remove(f)
	show := func(e status.Event) error { return send(control.EventFor(ctx, e)) }
	return f.Run(ctx, show, func(n uint64) status.Event {
		return status.Event{Time: time.Now(), Type: "Missed", Data: map[string]any{"events": n, "why": "this client is too slow for them"}}
	})
}

// isFrequent reports whether events of that type come so often that only who
// names it wants it.
func isFrequent(name string) bool {
	return name == "Idle" || name == "PreExecute" || name == "PostExecute"
}

func (d *Daemon) eventList() []status.EventType {
	all := []status.EventType{}
	for _, t := range d.events.bus.Topics() {
		all = append(all, status.EventType{Type: eventName(t.Type, ""), Count: t.Emitted, Handlers: t.Handlers})
	}
	slices.SortFunc(all, func(a, b status.EventType) int { return strings.Compare(a.Type, b.Type) })
	return all
}

// eventName is what the control socket calls a type of events. Legion's own have
// pkg for the name of their package.
func eventName(t reflect.Type, pkg string) string {
	inner, star := t, ""
	if t.Kind() == reflect.Pointer {
		inner, star = t.Elem(), "*"
	}
	switch {
	case inner == reflect.TypeFor[event.Failure]():
		return star + pkg + "Error"
	case inner.PkgPath() == module, inner.PkgPath() == module+"/event", inner.PkgPath() == module+"/status":
		return star + pkg + inner.Name()
	}
	return t.String()
}

// module is the path of this module.
const module = "github.com/legion-go/legion"

// eventCounts returns how often events of each type were emitted.
func (d *Daemon) eventCounts() map[string]uint64 {
	counts := map[string]uint64{}
	for _, t := range d.events.bus.Topics() {
		if t.Emitted > 0 {
			counts[eventName(t.Type, "legion.")] = t.Emitted
		}
	}
	return counts
}

// witness shows an event to those who follow events. It costs next to nothing
// when there are none.
func witness[E any](d *Daemon, event E) {
	if d.events.watchers.Followed() {
		v := reflect.ValueOf(event)
		e := status.Event{Time: time.Now(), Type: eventName(reflect.TypeFor[E](), "")}
		if d.events.watchers.Wanted(e) {
			e.Data = describe.Value(v)
			d.events.watchers.Offer(e)
		}
	}
}

package methods

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/status"
)

type followEventsIn struct {
	Types []string `json:"types,omitzero" usage:"which types; without it all but Idle, PreExecute and PostExecute, which are frequent"`
}

type tailIn struct {
	Lines *int    `json:"lines" usage:"how many records at most. Default 100"`
	Level *string `json:"level" usage:"debug, info, warn or error: only records of that level or above"`
}

type followStatsIn struct {
	Every *time.Duration `json:"every" usage:"seconds between two items. Default 1"`
}

// minEvery is the shortest interval of followed statistics.
const minEvery = 100 * time.Millisecond

// watchMethods are the methods that show what happens.
func (d caller) watchMethods() []rpc.Method {
	return []rpc.Method{
		Look("event.list", "The types of events, and how often they came.", func(context.Context, None) ([]status.EventType, error) { return d.EventTypes(), nil }),
		rpc.Streamed("event.follow", "Events as they happen.", rpc.Read, d.followEvents),
		Look("log.tail", "The last records of the log. The daemon remembers a thousand, and at most 512 KiB.", func(ctx context.Context, in tailIn) ([]status.LogRecord, error) {
			lines, level, err := in.read()
			if err != nil {
				return nil, err
			}
			shown := []status.LogRecord{}
			for _, r := range d.Log().Tail(lines, level) {
				if r, ok := control.RecordFor(ctx, r); ok {
					shown = append(shown, r)
				}
			}
			return shown, nil
		}),
		rpc.Streamed("log.follow", "The last records of the log, and then new ones as they come.", rpc.Read, d.followLog),
		rpc.Streamed("stats.follow", "The result of daemon.status, at an interval.", rpc.Read, d.followStats),
	}
}

func (in *tailIn) read() (lines int, level slog.Level, err error) {
	lines, level = 100, logs.Everything
	if in.Lines != nil {
		if lines = *in.Lines; lines < 0 {
			return 0, 0, Wrong("lines", "it must not be negative")
		}
	}
	if in.Level != nil {
		if err := level.UnmarshalText([]byte(*in.Level)); err != nil {
			return 0, 0, Wrong("level", "%q is not a level: use debug, info, warn or error", *in.Level)
		}
	}
	return lines, level, nil
}

func (d caller) followLog(ctx context.Context, in tailIn, send func(status.LogRecord) error) error {
	lines, level, err := in.read()
	if err != nil {
		return err
	}
	return d.Log().Follow(ctx, lines, level, func(r status.LogRecord) error {
		if shown, ok := control.RecordFor(ctx, r); ok {
			return send(shown)
		}
		return nil
	})
}

func (d caller) followStats(ctx context.Context, in followStatsIn, send func(status.Daemon) error) error {
	every := time.Second
	if in.Every != nil {
		every = max(*in.Every, minEvery)
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := send(d.Status()); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (d caller) followEvents(ctx context.Context, in followEventsIn, send func(status.Event) error) error {
	f := d.Events().Add(func(e status.Event) bool {
		return slices.Contains(in.Types, e.Type) || len(in.Types) == 0 && !isFrequent(e.Type)
	})
	defer d.Events().Remove(f)
	show := func(e status.Event) error { return send(control.EventFor(ctx, e)) }
	return f.Run(ctx, show, func(n uint64) status.Event {
		return status.Event{Time: time.Now(), Type: "Missed", Data: map[string]any{"events": n, "why": "this client is too slow for them"}}
	})
}

// isFrequent reports whether events of that type are so frequent that a client
// gets them only if it names the type.
func isFrequent(name string) bool {
	return name == "Idle" || name == "PreExecute" || name == "PostExecute"
}

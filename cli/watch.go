package cli

import (
	"context"
	"encoding/json"
	"flag"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/legion-go/legion/status"
)

func watchVerb() *verb {
	var pool, level string
	var every time.Duration
	return &verb{
		group: lookGroup, needs: aServer,
		Command: Command{
			Name: "watch", Args: "TOPIC…", Short: "show what there is of some topics, and then what changes",
			Long: "Topics are " + strings.Join(status.WatchTopics, ", ") + ", with spaces or commas between. " +
				"Each line is one thing that is new or has changed, with the fields that have; --json prints the items of the method watch.",
			Flags: func(fs *flag.FlagSet) {
				fs.StringVar(&pool, "pool", "", "only what belongs to this `pool`, or to none")
				fs.StringVar(&level, "level", "", "only log records of this `level` or above: debug, info, warn, error")
				fs.DurationVar(&every, "every", time.Second, "how often changes are shown: 250ms or more")
			},
			Run: func(ctx context.Context, in *Invocation) error {
				topics := strings.FieldsFunc(strings.Join(in.Args, ","), func(r rune) bool { return r == ',' })
				for _, topic := range topics {
					if slices.Contains(status.WatchTopics, topic) {
						continue
					}
					if meant := nearest(topic, status.WatchTopics); meant != "" {
						return usage("there is no topic %q; did you mean %s?", topic, meant)
					}
					return usage("there is no topic %q; there are: %s", topic, strings.Join(status.WatchTopics, ", "))
				}
				if every < leastWatch {
					return usage("--every %v: give %v or more", every, leastWatch)
				}
				params := map[string]any{"topics": topics, "every": every.Seconds()}
				for name, value := range map[string]string{"pool": pool, "level": level} {
					if value != "" {
						params[name] = value
					}
				}
				c, err := in.Client(ctx)
				if err != nil {
					return err
				}
				w := watched{in.out(), map[string]json.RawMessage{}}
				return stream(ctx, in, c, "watch", params, w.show)
			},
		},
	}
}

// leastWatch is the shortest interval of the method watch.
const leastWatch = 250 * time.Millisecond

// watched writes the items of the method watch as lines.
type watched struct {
	*printer
	known map[string]json.RawMessage // the values, by topic and key
}

func (w watched) show(c status.Change) {
	if c.Missed > 0 {
		w.line(c, "", red, count(c.Missed)+" of them are left out here")
	}
	for _, raw := range c.Add {
		w.added(c, raw)
	}
	for _, key := range slices.Sorted(maps.Keys(c.Set)) {
		at := c.Topic + " " + key
		if said := changed(w.known[at], c.Set[key]); said != "" {
			w.line(c, key, "", said)
		}
		w.known[at] = c.Set[key]
	}
	for _, key := range c.Gone {
		w.line(c, key, dim, "is gone")
		delete(w.known, c.Topic+" "+key)
	}
}

// added writes an event, or a record of the log, as the verbs for them do.
func (w watched) added(c status.Change, raw json.RawMessage) {
	var e event
	var r record
	switch {
	case c.Topic == "events" && json.Unmarshal(raw, &e) == nil:
		w.event(e)
	case c.Topic == "logs" && json.Unmarshal(raw, &r) == nil:
		w.record(r)
	default:
		w.line(c, "", "", attributes(raw))
	}
}

func (w watched) line(c status.Change, key string, s style, said string) {
	w.printf("%s %s %s\n", w.paint(dim, c.At.Local().Format("2006-01-02 15:04:05.000")),
		w.paint(cyan, strings.TrimSpace(oneLine(c.Topic+" "+key))), w.paint(s, oneLine(said)))
}

// nothings are the texts of values with nothing in them.
var nothings = []string{"", "0", "false", "null", "[]", "{}"}

// changed says which fields of a value differ from those before; of a new one,
// those with something in them. A death is what it says of itself.
func changed(before, now json.RawMessage) string {
	var death struct {
		Why string `json:"why"`
	}
	if before == nil && json.Unmarshal(now, &death) == nil && death.Why != "" {
		return death.Why
	}
	old := map[string]string{}
	names, values := fields(before)
	for i, name := range names {
		old[name] = values[i]
	}
	var said []string
	names, values = fields(now)
	for i, name := range names {
		was, known := old[name]
		delete(old, name)
		if values[i] != was && (known || before != nil || !slices.Contains(nothings, values[i])) {
			said = append(said, name+"="+quoted(values[i]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(old)) { // a field that may be missing
		said = append(said, name+"=")
	}
	return strings.Join(said, " ")
}

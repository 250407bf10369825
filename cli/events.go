package cli

import (
	"context"
	"encoding/json"
	"flag"
	"slices"
	"time"

	"github.com/legion-go/legion/status"
)

func eventsVerb() *verb {
	var follow bool
	return &verb{
		group: lookGroup, needs: aServer,
		Command: Command{
			Name: "events", Args: "[TYPE…]", Short: "list the types of events, and with -f events as they happen",
			Long:  "With -f and no TYPE, very frequent types are left out.",
			Flags: func(fs *flag.FlagSet) { fs.BoolVar(&follow, "f", false, "show events as they happen") },
			Run: func(ctx context.Context, in *Invocation) error {
				if follow {
					c, err := in.Client(ctx)
					if err != nil {
						return err
					}
					params := map[string]any{}
					if len(in.Args) > 0 {
						params["types"] = in.Args
						if err := in.unheard(ctx, in.Args); err != nil {
							return err
						}
					}
					return stream(ctx, in, c, "event.follow", params, in.out().event)
				}
				if len(in.Args) > 0 {
					return usage("types are for %s -f", in.path)
				}
				all, shown, err := get[[]status.EventType](ctx, in, "event.list", nil)
				if err != nil || shown {
					return err
				}
				t := &table{none: "no events are known", columns: []column{
					{title: "TYPE", flexible: true}, {title: "COUNT", right: true}, {title: "HANDLERS", right: true},
				}}
				for _, e := range all {
					t.add(e.Type, count(e.Count), count(e.Handlers))
				}
				in.out().table(t)
				return nil
			},
		},
	}
}

// unheard tells which of these types no event has had yet: a mistyped one would
// be followed for ever.
func (in *Invocation) unheard(ctx context.Context, types []string) error {
	var all []status.EventType
	if err := in.Call(ctx, "event.list", nil, &all); err != nil {
		return err
	}
	var names []string
	for _, e := range all {
		names = append(names, e.Type)
	}
	for _, name := range types {
		if slices.Contains(names, name) {
			continue
		}
		hint := in.verbLine("events") + " lists those that have"
		if meant := nearest(name, names); meant != "" {
			hint = "did you mean " + meant + "?"
		}
		in.program.stderr.printf("%s: no event of type %q has come yet; %s\n", in.program.name, clean(name), hint)
	}
	return nil
}

type event struct {
	Time time.Time       `json:"time"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

// event writes one as a line.
func (p *printer) event(e event) {
	p.printf("%s %s", p.paint(dim, e.Time.Local().Format("2006-01-02 15:04:05.000")), p.paint(cyan, oneLine(e.Type)))
	data := attributes(e.Data)
	if data == "" && len(e.Data) > 0 && e.Data[0] != '{' {
		data = text(e.Data)
	}
	if data != "" {
		p.printf(" %s", oneLine(data))
	}
	p.printf("\n")
}

package cli

import (
	"context"
	"time"

	"github.com/legion-go/legion/status"
)

func cronVerb() *verb {
	return &verb{
		group: partsGroup, needs: aServer,
		Command: Command{Name: "cron", Short: "list and run the functions of Cron and Every"},
		verbs: []*verb{
			{needs: aServer, Command: Command{Name: "ls", Short: "list them, with the time of their next call", Run: listCrons}},
			{needs: aServer, Command: Command{
				Name: "run", Args: "CRON", Short: "call one now and wait until it returns",
				Long: "CRON is a name as in cron ls, in quotes.",
				Run: func(ctx context.Context, in *Invocation) error {
					if err := callSlow(ctx, in, "cron.run", map[string]any{"name": in.Args[0]}, nil); err != nil {
						return err
					}
					in.say("%s has run", clean(in.Args[0]))
					return nil
				},
			}},
		},
	}
}

func listCrons(ctx context.Context, in *Invocation) error {
	all, shown, err := get[[]status.Cron](ctx, in, "cron.list", nil)
	if err != nil || shown {
		return err
	}
	t := &table{none: "there are no functions of Cron and Every", columns: []column{
		{title: "CRON", flexible: true}, {title: "NEXT"}, {title: "RUNS", right: true}, {title: "MISSED", right: true, spare: 1}, {title: "NOW", spare: 2},
	}}
	for _, c := range all {
		next, now := "", ""
		if c.Next != nil {
			next = moment(*c.Next, time.Now())
		}
		if c.Pending {
			now = "due"
		}
		t.add(c.Name, next, count(c.Runs), cell{count(c.Missed), alarming(c.Missed)}, now)
	}
	t.trim()
	in.out().table(t)
	return nil
}

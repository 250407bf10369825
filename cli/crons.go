package cli

import (
	"context"
	"time"

	"github.com/legion-go/legion/status"
)

func cronVerb() *verb {
	return &verb{
		group: partsGroup, needs: aServer,
		Command: Command{Name: "cron", Short: "list and run what the loop calls at times and intervals"},
		verbs: []*verb{
			{needs: aServer, Command: Command{Name: "ls", Short: "list what is called when", Run: listCrons}},
			{needs: aServer, Command: Command{
				Name: "run", Args: "CRON", Short: "call one now and wait for its end",
				Long: "CRON is a name as in cron ls, in quotes.",
				Run: func(ctx context.Context, in *Invocation) error {
					if err := callSlow(ctx, in, "cron.run", map[string]any{"name": in.Args[0]}, nil); err != nil {
						return err
					}
					in.say("%s has been run", clean(in.Args[0]))
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
	t := &table{none: "nothing is called at times", columns: []column{
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

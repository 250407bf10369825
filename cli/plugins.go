package cli

import (
	"context"
	"encoding/json"

	"github.com/legion-go/legion/status"
)

func pluginVerb() *verb {
	return &verb{
		group: moreGroup, needs: aServer,
		Command: Command{Name: "plugin", Short: "list the plugins"},
		verbs: []*verb{{needs: aServer, Command: Command{
			Name: "ls", Short: "list the plugins with their statistics",
			Run: func(ctx context.Context, in *Invocation) error {
				all, shown, err := get[[]struct {
					Name  string          `json:"name"`
					Type  string          `json:"type"`
					State string          `json:"state"`
					Stats json.RawMessage `json:"stats"`
				}](ctx, in, "plugin.list", nil)
				if err != nil || shown {
					return err
				}
				t := &table{none: "there are no plugins", columns: []column{
					{title: "PLUGIN", flexible: true}, {title: "STATE"}, {title: "TYPE", flexible: true, spare: 1}, {title: "FIGURES", flexible: true, spare: 2},
				}}
				for _, p := range all {
					t.add(p.Name, cell{p.State, styleOf(p.State)}, p.Type, attributes(p.Stats))
				}
				t.trim()
				in.out().table(t)
				return nil
			},
		}}},
	}
}

func lockVerb() *verb {
	return &verb{
		group: moreGroup, needs: aServer,
		Command: Command{Name: "lock", Short: "list the locks"},
		verbs: []*verb{{needs: aServer, Command: Command{
			Name: "ls", Short: "list the daemon's locks",
			Run: func(ctx context.Context, in *Invocation) error {
				all, shown, err := get[[]status.Lock](ctx, in, "lock.list", nil)
				if err != nil || shown {
					return err
				}
				t := &table{none: "there are no locks", columns: []column{
					{title: "LOCK"}, {title: "PID", right: true}, {title: "PATH", flexible: true},
				}}
				for _, l := range all {
					t.add(l.Name, some(l.PID), l.Path)
				}
				in.out().table(t)
				return nil
			},
		}}},
	}
}

package cli

import (
	"context"
	"encoding/json"
)

func statsVerb() *verb {
	return &verb{
		group: lookGroup, needs: aServer,
		Command: Command{
			Name: "stats", Short: "show all statistics, those of plugins too",
			Run: func(ctx context.Context, in *Invocation) error {
				raw, shown, err := get[json.RawMessage](ctx, in, "daemon.stats", nil)
				if err == nil && !shown {
					in.out().outline(raw, "")
				}
				return err
			},
		},
	}
}

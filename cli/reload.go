package cli

import (
	"context"
	"encoding/json"
)

func reloadVerb() *verb {
	return &verb{
		group: lifeGroup, needs: aServer,
		Command: Command{
			Name: "reload", Short: "read the configuration again, reopen the log, replace the workers",
			Long: "Returns when the new workers serve. No call is lost.",
			Run: func(ctx context.Context, in *Invocation) error {
				if err := callSlow(ctx, in, "daemon.reload", nil, nil); err != nil {
					return err
				}
				in.say("%s has reloaded", in.remote.name())
				return nil
			},
		},
	}
}

func upgradeVerb() *verb {
	return &verb{
		group: lifeGroup, needs: aServer,
		Command: Command{
			Name: "upgrade", Short: "replace the daemon by the program that now stands at its path",
			Long: "Returns when the new process serves. No call and no connection is lost; if the new\n" +
				"program does not start, the old process goes on.",
			Run: func(ctx context.Context, in *Invocation) error {
				var out struct {
					PID int `json:"pid"`
				}
				if err := callSlow(ctx, in, "daemon.upgrade", nil, &out); err != nil {
					return err
				}
				in.say("%s has been upgraded, pid %d", in.remote.name(), out.PID)
				return nil
			},
		},
	}
}

// callSlow calls a method that takes as long as it takes. With --json it prints the
// result.
func callSlow(ctx context.Context, in *Invocation, method string, params, result any) error {
	var raw json.RawMessage
	if err := in.Call(ctx, method, params, &raw); err != nil {
		return err
	}
	if in.JSON {
		in.out().printf("%s\n", indented(raw))
		return nil
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(raw, result)
}

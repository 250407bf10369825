package cli

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"time"
)

func reloadVerb() *verb {
	var o stopOptions
	return &verb{
		group: lifeGroup, needs: aServer,
		Command: Command{
			Name: "reload", Short: "read the configuration again, reopen the log, replace the workers",
			Long: "Returns when the new workers serve. No call is lost.",
			Flags: func(fs *flag.FlagSet) {
				fs.DurationVar(&o.timeout, "timeout", time.Minute, "how long to wait for a daemon whose loop hangs")
			},
			Run: func(ctx context.Context, in *Invocation) error {
				var raw json.RawMessage
				if _, err := o.wish(ctx, in, "daemon.reload", &raw); err != nil {
					return err
				}
				needed := in.restartNeeded(ctx)
				if in.JSON {
					return in.print(map[string]any{"reloaded": true, "restart_needed": needed})
				}
				in.say("%s has reloaded", in.remote.name())
				if len(needed) > 0 {
					in.say("in effect only after %s restart or upgrade: %s", in.program.name, clean(strings.Join(needed, ", ")))
				}
				return nil
			},
		},
	}
}

// restartNeeded returns the daemon's changed settings that are not in effect
// yet.
func (in *Invocation) restartNeeded(ctx context.Context) []string {
	var status struct {
		Needed []string `json:"restart_needed"`
	}
	status.Needed = []string{} // also for a daemon that does not say
	var raw json.RawMessage
	if in.Call(ctx, "daemon.status", nil, &raw) == nil {
		_ = json.Unmarshal(raw, &status)
	}
	return status.Needed
}

func upgradeVerb() *verb {
	return &verb{
		group: lifeGroup, needs: aServer,
		Command: Command{
			Name: "upgrade", Short: "replace the daemon by the program that is now at its path",
			Long: "Returns when the new one serves. No call is lost, and no client is refused; if the new\n" +
				"program does not start, the old one goes on. Where the process id must stay, in\n" +
				"process 1 or in the foreground, connections wait for a moment.",
			Run: func(ctx context.Context, in *Invocation) error {
				o, raw := stopOptions{timeout: time.Minute}, json.RawMessage(nil)
				before, err := o.wish(ctx, in, "daemon.upgrade", &raw)
				if err != nil {
					return err
				}
				var out upgradeAnswer
				if err := json.Unmarshal(raw, &out); err != nil {
					return err
				}
				if out.InPlace {
					if _, err := o.follow(ctx, in, before); err != nil {
						return err
					}
				}
				if in.JSON {
					in.out().printf("%s\n", indented(raw))
					return nil
				}
				in.say("%s has been upgraded, pid %d", in.remote.name(), out.PID)
				in.out().pairs(
					"before", fmt.Sprintf("%s, pid %d, %s", oneLine(out.From.Version), out.Old, oneLine(out.From.Program)),
					"now", fmt.Sprintf("%s, pid %d, %s", oneLine(out.To.Version), out.PID, oneLine(out.To.Program)),
				)
				return nil
			},
		},
	}
}

// upgradeAnswer is what daemon.upgrade returns.
type upgradeAnswer struct {
	PID     int             `json:"pid"`
	Old     int             `json:"old_pid"`
	InPlace bool            `json:"in_place"`
	From    upgradedRelease `json:"from"`
	To      upgradedRelease `json:"to"`
}

type upgradedRelease struct {
	Version string `json:"version"`
	Program string `json:"program"`
}

// callSlow calls a method without a time limit. With --json it prints
// the result.
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

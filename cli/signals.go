package cli

import (
	"context"
)

func signalVerb() *verb {
	return &verb{
		group: moreGroup, needs: aServer,
		Command: Command{
			Name: "signal", Args: "SIGNAL", Short: "make the daemon act as if it had got a signal",
			Long: "SIGNAL is a name or a number: HUP, SIGUSR1, 10.",
			Run: func(ctx context.Context, in *Invocation) error {
				return do(ctx, in, "daemon.signal", map[string]any{"signal": in.Args[0]}, "%s has got %s", in.daemonName(), clean(in.Args[0]))
			},
		},
	}
}

// daemonName is what messages call the daemon.
func (in *Invocation) daemonName() string {
	if d := in.program.daemon; d != nil {
		return d.Name()
	}
	return clean(in.target)
}

func logLevelVerb() *verb {
	return &verb{
		group: moreGroup, needs: aServer,
		Command: Command{
			Name: "loglevel", Args: "[LEVEL]", Short: "show or set the level below which the log leaves records out",
			Long: "LEVEL is debug, info, warn or error.",
			Run: func(ctx context.Context, in *Invocation) error {
				params := map[string]any{}
				if len(in.Args) > 0 {
					params["level"] = in.Args[0]
				}
				out, shown, err := get[struct {
					Level string `json:"level"`
				}](ctx, in, "daemon.loglevel", params)
				if err == nil && !shown {
					in.say("%s", oneLine(out.Level))
				}
				return err
			},
		},
	}
}

package cli

import (
	"context"
	"flag"
)

// browserDashboard is the program that has the dashboard: net/http is more than
// every daemon and worker should carry.
var browserDashboard = companion{"legion", "", "cmd/legion"}

// dashboardVerb is "legion dashboard" of this daemon.
func dashboardVerb() *verb {
	var role, addr string
	var print bool
	return &verb{
		group: lookGroup, needs: aServer,
		Command: Command{
			Name: "dashboard", Short: "show the daemon in the browser",
			Long: "This is the program legion, which must be on the PATH:\n\n  " + browserDashboard.install() + "\n\n" +
				"The page is served on this machine alone, and may only look, unless --role gives it more.",
			Flags: func(fs *flag.FlagSet) {
				fs.StringVar(&role, "role", "read", "what the page may do, at most: read, operate or admin")
				fs.StringVar(&addr, "addr", "", "listen at this `address`, 127.0.0.1:PORT; default: a free port")
				fs.BoolVar(&print, "print", false, "print the link and open no browser")
			},
			Run: func(ctx context.Context, in *Invocation) error {
				if browserDashboard.path() == "" {
					return exit(ExitNotInstalled, "the dashboard is in the program legion, which is not on the PATH: %s", browserDashboard.install())
				}
				args := []string{"dashboard", "--role", role}
				if command := in.typed(); command != "" {
					args = append(args, "--command", command)
				}
				if addr != "" {
					args = append(args, "--addr", addr)
				}
				if print {
					args = append(args, "--print")
				}
				if in.JSON {
					args = append(args, "--json")
				}
				return browserDashboard.become(ctx, in, args...)
			},
		},
	}
}

// Package cli is the command line of a daemon: it starts and stops the daemon,
// and controls a running one over its control socket.
//
//	func main() { // runs in every process
//		d := legion.New(legion.Config{Name: "thumbs"})
//		resize := legion.Worker(d, "resize", resize, legion.Pool{Max: 4})
//		…
//		cli.Main(d)
//	}
//
//	thumbs run                    in the foreground; thumbs -d in the background
//	thumbs start | stop | restart | reload | upgrade
//	thumbs status | ps | logs -f | events -f | watch pools | stats | metrics
//	thumbs pool scale resize 2 8
//	thumbs call resize '{"path": "a.jpg"}'
//	thumbs help                   lists them all
//
// [Tool] has the verbs for daemons that run, each named by an operand: the
// program legion uses it.
//
// # Flags
//
// Flags of a verb may be anywhere after it; arguments after "--" are not flags.
// Each verb has -h, --json, and -o name=value, which sets a field of
// [legion.Config] by its name in snake_case (log_level, stop_timeout,
// log_rotation.size) or a key of a plugin that is a [Setter]. -d, -f, -v and -s
// are flags of run, and may also be used without a verb; so may their long
// names --daemon, --foreground, --verbose and --hardstart, unless the program
// has flags of its own. The program's own flags come before the verb; see
// [Flags]. Its own verbs are [Command]s.
//
// # Daemons on other machines
//
// For an address of a daemon that begins with "tcp://" all verbs take a token,
// and what TLS needs, from the environment: see [client.FromEnvironment] and
// FromEnvironment of package controltls.
//
// # Output
//
// Tables are fitted to the terminal: text is cut, and less important columns
// are left out; --json has everything, and prints the daemon's answer. There
// are colours only on a terminal, and none if NO_COLOR is set. Control
// characters in a daemon's answers are removed.
//
// # Exit codes
//
//	0  done, or nothing to do for start and stop; but the stop of a [Tool] ends
//	   with 7 if no daemon of that name is known
//	1  it failed
//	2  the command line is wrong
//	4  not allowed
//	5  a program that is needed is not installed
//	6  the configuration is wrong
//	7  the daemon does not run
//
// Of status: 0 it runs and is healthy, 1 it is dead but its socket is still
// there, 3 it is stopped, 4 that cannot be found out, 150 it runs and is not
// healthy (see [legion.Daemon.Healthy]). Both are those of the Linux Standard
// Base, which leaves 150 to 199 to programs.
//
// # What it costs
//
// main runs in worker processes too. There [Main] reads nothing; only linked
// code costs something. This decided which library to use for flags and verbs.
// Beside an empty program that imports Legion, medians of 150 alternating runs,
// to the first line of main, with about 2.9 ms and 896 KiB of dirty memory:
//
//	package flag, and this package's tree of verbs   start ×0.98  memory ×1.00
//	github.com/spf13/cobra v1.10.2                   start ×1.01  memory ×1.05
//	github.com/peterbourgon/ff v4.0.0-alpha.4        start ×1.02  memory ×1.07
//	github.com/urfave/cli v3.14.0                    start ×1.03  memory ×1.01
//	github.com/alecthomas/kong v1.17.0               start ×1.08  memory ×1.09
//
// All of this package, with its client, takes 2 to 5 % of a worker's start and
// no dirty memory. cobra and urfave/cli bring text/template, kong and ff
// regexp; kong and ff have no completion for shells, and that of the others
// does not ask the daemon for its pools, functions and methods.
//
// # Concurrency
//
// Main and Tool run one command line and use goroutines of their own only while
// a verb waits for a change of the daemon. Nothing here is safe for use from
// several goroutines.
//
// # Reading order
//
//   - what a program calls: main.go, tool.go, command.go, flags.go,
//     configure.go
//   - how a command line runs: dispatch.go, invocation.go, help.go, nearest.go,
//     exit.go; what shells complete: completion.go, candidates.go
//   - the way to a daemon: remote.go, find.go, bystander.go; for verbs that
//     wait: wish.go, progress.go, force.go, process.go
//   - verbs that start and end: run.go, startjson.go, stop.go, reload.go,
//     unit.go; that look: status.go, ps.go, dashboard.go, companion.go,
//     logs.go, events.go, watch.go, stats.go, history.go, metrics.go; about
//     parts: pools.go, recent.go, workers.go, capture.go, deaths.go,
//     deathfiles.go, calls.go, tasks.go, crons.go; and plugins.go, rpc.go,
//     signals.go, config.go, doctor.go, version.go
//   - rendering: terminal.go, text.go, table.go, tree.go, units.go, values.go
package cli

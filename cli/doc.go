// Package cli is the command line of a daemon: it starts and stops it, and
// tells the one that runs, over its control socket, what to do.
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
//	thumbs status | ps | logs -f | events -f | stats
//	thumbs pool scale resize 2 8
//	thumbs call resize '{"path": "a.jpg"}'
//	thumbs help                   lists them all
//
// [Tool] has the verbs for daemons that run, each called by its name: a program
// such as legion.
//
// # Flags
//
// Flags of a verb may stand anywhere after it; what follows "--" is no flag.
// Each verb has -h, --json, and -o name=value, which sets a field of
// [legion.Config] by its name in snake_case (log_level, stop_timeout,
// log_rotation.size) or a key of a plugin that is a [Setter]. -d, -f, -v and -s
// are those of run, and may stand without a verb; so may their long names
// --daemon, --foreground, --verbose and --hardstart, unless the program has
// flags of its own. Those stand before the verb; see [Flags]. Its own verbs are
// [Command]s.
//
// # Output
//
// Tables are fitted to the terminal: text is cut, and columns that matter less
// are left out; --json has everything, and prints what the daemon answered.
// There are colours only on a terminal, and none if NO_COLOR is set. Control
// characters in what a daemon says are taken out.
//
// # Exit codes
//
//	0  done; or, of start and stop, it is so already; but [Tool] has a stop of a
//	   daemon of which nothing is known be 7
//	1  it failed
//	2  the command line makes no sense
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
// main runs in worker processes too. There [Main] reads nothing; only what is
// linked costs something. That decided about the library for flags and verbs.
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
// would have been replaced by one that asks the daemon for its pools, functions
// and methods.
//
// # Concurrency
//
// Main and Tool run one command line and use goroutines of their own only while
// a verb waits for a change of the daemon. Nothing here is safe for use from
// several goroutines, nor need be.
//
// # Reading order
//
// main.go, tool.go, command.go, flags.go; dispatch.go, invocation.go,
// remote.go, find.go; wish.go and progress.go for verbs that wait; then a file
// for each group of verbs. Rendering: terminal.go, text.go, table.go, tree.go,
// units.go, values.go.
package cli

package cli

import (
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/systemd"
)

// Option adds to a command line: a [Command], or what [Flags] returns.
type Option interface{ apply(p *program) }

// Main reads the command line of d's program, does what it says, and ends the
// process with the code that the package's documentation lists. In a worker
// process it runs the daemon's function for workers at once, and reads nothing.
// It adds the plugin of package systemd if the program does not, so that the
// verb unit can write a unit whose daemon reports its state to systemd.
//
// If package flag has parsed the arguments, the remaining ones are the command
// line: a program's own flags come before the verb.
func Main(d *legion.Daemon, options ...Option) {
	if legion.IsWorker() {
		_ = d.Run(context.Background()) // does not return
	}
	if _, err := legion.Find[*systemd.Service](d); err != nil {
		d.Use(systemd.New(systemd.Options{})) // costs nothing where there is no systemd
	}
	p := newProgram(d, options)
	args, err := p.arguments(os.Args[1:])
	if err != nil {
		os.Exit(p.end(err))
	}
	os.Exit(p.main(context.Background(), args))
}

// program is a command line.
type program struct {
	name    string         // what users call it
	short   string         // what it is, in one line
	daemon  *legion.Daemon // nil: any daemon, by its name
	tool    *Tool          // nil if there is a daemon
	own     *flag.FlagSet  // the program's own flags; nil if it did not call Flags
	flags   *commonFlags
	verbs   []*verb
	prefix  []string // arguments before the command line
	stdin   io.Reader
	stdout  *printer
	stderr  *printer
	command []string // the command line
	target  string   // that of the verb that runs
}

func newProgram(d *legion.Daemon, options []Option) *program {
	p := &program{
		name: filepath.Base(os.Args[0]), daemon: d, flags: &commonFlags{},
		stdin: os.Stdin, stdout: newPrinter(os.Stdout), stderr: newPrinter(os.Stderr),
	}
	p.verbs = builtIn(p)
	for _, o := range options {
		o.apply(p)
	}
	return p
}

// arguments returns the command line in args: without the program's own flags.
func (p *program) arguments(args []string) (rest []string, err error) {
	rest = args
	switch {
	case p.own == nil && flag.Parsed():
		rest = flag.Args()
	case p.own != nil:
		if !p.own.Parsed() {
			if err := p.own.Parse(args); err != nil {
				return nil, usage("%w", err)
			}
		}
		rest = p.own.Args()
	}
	if n := len(args) - len(rest); n > 0 {
		p.prefix = args[:n]
	}
	return rest, nil
}

// builtIn returns the verbs that every program has.
func builtIn(p *program) []*verb {
	all := []*verb{
		runVerb(p), startVerb(p), stopVerb(), restartVerb(p), reloadVerb(), upgradeVerb(),
		statusVerb(), psVerb(), topVerb(), dashboardVerb(), logsVerb(), eventsVerb(), watchVerb(), statsVerb(), historyVerb(), metricsVerb(),
		poolVerb(), workerVerb(), deathVerb(),
		callVerb(), funcVerb(), taskVerb(), cronVerb(),
		pluginVerb(), lockVerb(), rpcVerb(), signalVerb(), logLevelVerb(),
		configVerb(p), unitVerb(p), doctorVerb(), completionVerb(p), versionVerb(), helpVerb(p), completeVerb(p),
	}
	if p.daemon != nil {
		return all
	}
	var elsewhere []*verb
	for _, v := range all {
		if v.needs != aDaemon {
			elsewhere = append(elsewhere, v)
		}
	}
	return elsewhere
}

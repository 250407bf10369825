// Legion-top shows a daemon in a terminal, live.
//
//	legion-top [flags] DAEMON
//
// DAEMON is a daemon's name or the address of its control socket. Press ? for
// its keys.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"

	"github.com/legion-go/legion/controltls"
	"github.com/legion-go/legion/top/internal/app"
	"github.com/legion-go/legion/top/internal/draw"
	"github.com/legion-go/legion/top/internal/feed"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// wrap is replaced by a test, to see what a panic does.
var wrap = func(m tea.Model) tea.Model { return m }

// The exit codes are those of the command line of a daemon.
const ok, failed, wrongUsage = 0, 1, 2

type settings struct {
	target, command, name string
	readOnly, ascii       bool
	every                 time.Duration
}

func parse(args []string, errs io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("legion-top", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Usage = func() {
		fmt.Fprint(errs, "legion-top shows a daemon in a terminal, live.\n\nusage: legion-top [flags] DAEMON\n\nDAEMON is a name, or an address such as unix:///run/thumbs/control.sock. For one\n"+
			"such as tcp://HOST:PORT, LEGION_TOKEN_FILE and LEGION_CA in the environment say\nhow to get in.\n\n")
		flags.PrintDefaults()
	}
	flags.BoolVar(&s.readOnly, "read-only", false, "look only, whatever this user may do")
	flags.BoolVar(&s.ascii, "ascii", false, "draw with ASCII only, as is done where the locale has no UTF-8")
	flags.DurationVar(&s.every, "every", time.Second, "how often the daemon tells what is new: 250ms to 1m")
	flags.StringVar(&s.command, "command", "", "what to show as the `program` of commands that do the same. Default: legion")
	flags.StringVar(&s.name, "name", "", "what to show as the `daemon` of such commands. Default: DAEMON, or none if there is a --command")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	switch {
	case flags.NArg() != 1:
		return s, fmt.Errorf("give one daemon, its name or its address; legion ls lists those that run")
	case s.every < 250*time.Millisecond || s.every > time.Minute:
		return s, fmt.Errorf("--every %v: use 250ms to 1m", s.every)
	}
	s.target = flags.Arg(0)
	if s.command == "" {
		s.command, s.name = "legion", cmp.Or(s.name, s.target)
	}
	return s, nil
}

func run(args []string, in, out *os.File, errs io.Writer) int {
	s, err := parse(args, errs)
	if errors.Is(err, flag.ErrHelp) {
		return ok
	}
	if err != nil {
		fmt.Fprintln(errs, "legion-top:", err)
		return wrongUsage
	}
	if !term.IsTerminal(in.Fd()) || !term.IsTerminal(out.Fd()) {
		fmt.Fprintln(errs, "legion-top: this needs a terminal; legion status prints once")
		return failed
	}
	chars := draw.CharsetFor(os.Getenv("TERM"), cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG")))
	if s.ascii {
		chars = draw.ASCII
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var program *tea.Program
	f := feed.New(feed.Options{Target: s.target, Connect: controltls.FromEnvironment, ReadOnly: s.readOnly, Every: s.every}, func(told any) { program.Send(told) })
	model := app.New(f, app.Options{Chars: chars, ReadOnly: s.readOnly, Command: s.command, Target: s.name})
	const framesPerSecond = 4 // a person reads no faster, and a slow terminal keeps up
	panicked := ""
	program = tea.NewProgram(guard{wrap(model), &panicked}, tea.WithInput(in), tea.WithOutput(out), tea.WithFPS(framesPerSecond))
	flowing := make(chan struct{})
	go func() { defer close(flowing); f.Run(ctx) }()
	_, err = program.Run()
	cancel()
	<-flowing
	if panicked != "" {
		fmt.Fprintln(errs, "legion-top:", panicked)
		return failed
	}
	if err != nil && !errors.Is(err, tea.ErrInterrupted) {
		fmt.Fprintln(errs, "legion-top:", err)
		return failed
	}
	return ok
}

package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/legion-go/legion/client"
)

// Tool is the command line of a program that is not a daemon: its verbs work
// with any running daemon, whose name or address comes after the verb, as in
// "legion pool ls thumbs". Verbs that need the daemon's own program (run,
// start, unit and config check) are not among them.
type Tool struct {
	Name  string // what users call it. Default: the program's name
	Short string // what it is, in one line

	// Commands are its own verbs.
	Commands []Command
	// Find returns the address of the daemon of that name. Default: client.Find. It
	// is not called for an address ("unix:///run/x/control.sock", "/path",
	// "tcp://…").
	Find func(name string) (address string, err error)
	// List returns the names of the daemons, for completion. Default: those of
	// client.List.
	List func() []string
	// Options returns how to connect to an address: with a token, by TLS. Default:
	// client.FromEnvironment, which knows no TLS; controltls.FromEnvironment does.
	Options func(address string) (client.Options, error)

	// Stdin, Stdout and Stderr. Default: those of the process.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Main runs the command line of this process and ends it with the code that the
// package's documentation lists.
func (t Tool) Main() { os.Exit(t.Run(context.Background(), os.Args[1:])) }

// Run runs a command line, without the program's name, and returns the exit
// code.
func (t Tool) Run(ctx context.Context, args []string) int {
	if t.Name == "" {
		t.Name = filepath.Base(os.Args[0])
	}
	p := newProgram(nil, nil)
	p.name, p.short, p.tool = t.Name, t.Short, &t
	if t.Stdin != nil {
		p.stdin = t.Stdin
	}
	if t.Stdout != nil {
		p.stdout = newPrinter(t.Stdout)
	}
	if t.Stderr != nil {
		p.stderr = newPrinter(t.Stderr)
	}
	for _, c := range t.Commands {
		c.apply(p)
	}
	return p.main(ctx, args)
}

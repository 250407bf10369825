package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
)

// Invocation is the argument of a [Command]'s Run.
type Invocation struct {
	Args           []string // the operands
	JSON           bool     // --json was given
	Stdin          io.Reader
	Stdout, Stderr io.Writer

	program *program
	verb    *verb
	path    string // what the user wrote to come to the verb: "thumbs pool ls"
	target  string // the daemon's name or address, if the program is not its own
	remote  *remote
}

// Client returns a connection to the running daemon of this program. The first
// call dials it; it is closed with the command. Its errors say what to do.
func (in *Invocation) Client(ctx context.Context) (*client.Client, error) {
	if in.remote == nil {
		in.remote = &remote{program: in.program, target: in.target}
	}
	c, err := in.remote.connect(ctx)
	if absent := (*client.NotRunningError)(nil); errors.As(err, &absent) {
		err = in.program.uncertain(err)
	}
	return c, err
}

// Call calls a method of the daemon that runs: see [client.Client.Call].
func (in *Invocation) Call(ctx context.Context, method string, params, result any) error {
	c, err := in.Client(ctx)
	if err != nil {
		return err
	}
	err = c.Call(ctx, method, params, result)
	if errors.Is(err, context.DeadlineExceeded) {
		return in.silent(ctx, err)
	}
	return err
}

// silent says why a daemon that could be reached does not answer in time.
func (in *Invocation) silent(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	probe := remote{program: in.program, target: in.target}
	defer probe.close()
	c, now := probe.connect(ctx)
	if now != nil {
		return now
	}
	var hello status.Hello
	if now := c.Call(ctx, "daemon.hello", nil, &hello); now != nil {
		return now
	}
	return fmt.Errorf("%w: %s, pid %d, is busy", err, hello.Name, hello.PID)
}

func (in *Invocation) close() {
	if in.remote != nil {
		in.remote.close()
	}
}

// verbLine is another command line for the same daemon, to do next.
func (in *Invocation) verbLine(verb string) string { return in.program.verbLine(verb) }

func (p *program) verbLine(verb string) string {
	return strings.TrimSpace(p.name + " " + verb + " " + p.target)
}

// out writes results, as text or as JSON.
func (in *Invocation) out() *printer { return in.program.stdout }

// say prints what was done; with --json it prints nothing.
func (in *Invocation) say(format string, args ...any) {
	if !in.JSON {
		in.out().printf(format+"\n", args...)
	}
}

// print writes a value as indented JSON, or on one line for programs that read
// many.
func (in *Invocation) print(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	in.out().printf("%s\n", indented(raw))
	return nil
}

// get calls a method and returns its result; the limit is patience, not ctx.
// With --json it prints the result, and shown is true.
func get[T any](ctx context.Context, in *Invocation, method string, params any) (result T, shown bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if !in.JSON {
		err = in.Call(ctx, method, params, &result)
		return result, false, err
	}
	var raw json.RawMessage
	if err := in.Call(ctx, method, params, &raw); err != nil {
		return result, false, err
	}
	in.out().printf("%s\n", indented(raw))
	return result, true, nil
}

// do calls a method that changes something, and says so.
func do(ctx context.Context, in *Invocation, method string, params any, format string, args ...any) error {
	_, shown, err := get[json.RawMessage](ctx, in, method, params)
	if err == nil && !shown {
		in.say(format, args...)
	}
	return err
}

// doSlowly is do for methods that wait for running calls.
func doSlowly(ctx context.Context, in *Invocation, method string, params any, format string, args ...any) error {
	var raw json.RawMessage
	if err := in.Call(ctx, method, params, &raw); err != nil {
		return err
	}
	if in.JSON {
		in.out().printf("%s\n", indented(raw))
	} else {
		in.say(format, args...)
	}
	return nil
}

package cli

import (
	"context"
	"flag"
	"io"
	"strings"
)

// main runs a command line and returns the exit code.
func (p *program) main(ctx context.Context, args []string) int {
	p.command = args
	return p.end(p.dispatch(ctx, args))
}

// dispatch finds the verb and runs it.
func (p *program) dispatch(ctx context.Context, args []string) error {
	fs := newFlagSet()
	p.register(fs, firstFlags)
	// The first operand is the verb: what follows is read with the verb's flags.
	if err := fs.Parse(args); err != nil {
		return flagError(fs, err, p.name)
	}
	rest := fs.Args()
	if len(rest) == 0 {
		switch {
		case p.flags.help:
		case p.flags.version:
			return p.run(ctx, p.verbs, []string{"version"}, p.name)
		case p.flags.starts() && p.daemon != nil:
			return p.run(ctx, p.verbs, []string{"run"}, p.name)
		case len(p.flags.set) > 0 || p.flags.json:
			return usage("the verb is missing: %s -h lists the verbs", p.name)
		}
		p.help()
		return nil
	}
	return p.run(ctx, p.verbs, rest, p.name)
}

// register adds the common flags of this program.
func (p *program) register(fs *flag.FlagSet, which string) {
	if p.daemon == nil { // nothing can be started or set
		which = strings.Map(func(r rune) rune {
			if strings.ContainsRune(startFlags+longFlags+"o", r) {
				return -1
			}
			return r
		}, which)
	}
	p.flags.register(fs, which)
}

// run runs the verb that args begin with, one of verbs. path is what the user
// typed before them.
func (p *program) run(ctx context.Context, verbs []*verb, args []string, path string) error {
	v, err := find(verbs, args[0], path)
	if err != nil {
		return err
	}
	path += " " + v.Name
	args = args[1:]
	if len(v.verbs) > 0 {
		if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
			return p.run(ctx, v.verbs, args, path)
		}
		fs := newFlagSet()
		p.register(fs, alwaysFlags)
		if err := fs.Parse(args); err != nil {
			return flagError(fs, err, path)
		}
		if rest := fs.Args(); len(rest) > 0 {
			return p.run(ctx, v.verbs, rest, path)
		}
		p.helpOf(v, path)
		return nil
	}
	fs := p.flagSet(v)
	operands := args
	if !v.raw {
		if operands, err = parse(fs, args); err != nil {
			return flagError(fs, err, path)
		}
	}
	if p.flags.help {
		p.helpOf(v, path)
		return nil
	}
	if err := sensible(fs, v.group == ownGroup); err != nil {
		return err
	}
	if p.flags.starts() && !v.starts {
		return usage("-d, -f, -v and -s are flags of %s run: %s has none of them before it", p.name, v.Name)
	}
	in := &Invocation{
		Args: operands, JSON: p.flags.json,
		Stdin: p.stdin, Stdout: p.stdout.w, Stderr: p.stderr.w,
		program: p, verb: v, path: path,
	}
	if err := in.count(); err != nil {
		return err
	}
	if p.daemon != nil && v.needs != nothing {
		if err := p.configure(); err != nil {
			return err
		}
	}
	if v.replaces && p.daemon != nil {
		if err := p.checkConfig(); err != nil { // may have been passed over, for the built-in verb
			return err
		}
	}
	defer in.close()
	return v.Run(ctx, in)
}

// flagSet returns the flags of a verb.
func (p *program) flagSet(v *verb) *flag.FlagSet {
	fs := newFlagSet()
	if v.Flags != nil {
		v.Flags(fs)
	}
	if v.starts {
		p.register(fs, startFlags+longFlags)
	}
	p.register(fs, alwaysFlags)
	return fs
}

func newFlagSet() *flag.FlagSet {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs
}

// find returns the verb of that name.
func find(verbs []*verb, name, path string) (*verb, error) {
	var names []string
	for _, v := range verbs {
		if v.Name == name {
			return v, nil
		}
		if !v.hidden {
			names = append(names, v.Name)
		}
	}
	if meant := nearest(name, names); meant != "" {
		return nil, usage("there is no verb %q; did you mean %s %s?", name, path, meant)
	}
	return nil, usage("there is no verb %q: %s -h lists them", name, path)
}

// count checks the number of operands.
func (in *Invocation) count() error {
	least, most := in.verb.operands()
	wanted := in.verb.Args
	if in.program.daemon == nil && in.verb.needs == aServer {
		least++
		if most >= 0 {
			most++
		}
		wanted = strings.TrimSpace("DAEMON " + wanted)
	}
	switch n := len(in.Args); {
	case n < least:
		return usage("an operand is missing: write %s %s", in.path, wanted)
	case most >= 0 && n > most:
		if most == 0 {
			return usage("%q is too much: %s takes no operands", in.Args[0], in.path)
		}
		return usage("%q is too much: write %s %s", in.Args[most], in.path, wanted)
	}
	if in.program.daemon == nil && in.verb.needs == aServer {
		in.target, in.Args = in.Args[0], in.Args[1:]
		in.program.target = in.target
	}
	return nil
}

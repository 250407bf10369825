package cli

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/plugin"
)

// A mistake in the configuration must not keep an operator from stopping the
// daemon, or from help. Package config asks here which command lines need no
// valid one.
func init() { legion.Bystanders(bystander) }

// given is the last argument of Flags, for bystander.
var given atomic.Pointer[ownFlags]

// bystander reports whether a command line only talks to a running daemon, or
// prints help: it begins with one of the verbs that every program has. It does
// not know the program's own verbs, which need the configuration.
func bystander(args []string) bool {
	p := &program{flags: &commonFlags{}}
	if o := given.Load(); o != nil && o.set.Parsed() {
		args = o.set.Args()
		if o.common.help {
			return true
		}
	} else {
		fs := newFlagSet()
		p.flags.register(fs, firstFlags)
		if fs.Parse(args) != nil {
			return false // a flag of the program's own, perhaps
		}
		if p.flags.help || p.flags.version {
			return true
		}
		args = fs.Args()
	}
	return len(args) > 0 && slices.ContainsFunc(builtIn(p), func(v *verb) bool { return v.Name == args[0] })
}

// uncertain replaces the error that the daemon does not run, where the
// configuration, which says where it listens, is wrong.
func (p *program) uncertain(absent error) error {
	if p.daemon == nil || !legion.IsBystander(p.command) {
		return absent
	}
	c, none := legion.Find[plugin.Checker](p.daemon)
	if none != nil {
		return absent
	}
	if err := c.Check(); err != nil {
		return &ExitError{ExitNotConfigured, fmt.Errorf("%v; %s may run elsewhere: its configuration, which says where, is wrong: %w", absent, p.daemon.Name(), err)}
	}
	return absent
}

package cli

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/plugin"
)

// A mistake in the configuration must not keep an operator from stopping the
// daemon, or from help. So package config asks which command lines can do
// without.
func init() { legion.Bystanders(bystander) }

// given is what Flags was given last, for bystander.
var given atomic.Pointer[ownFlags]

// bystander reports whether a command line only talks to a daemon that runs, or
// helps: it begins with one of the verbs that other programs have, too. Those
// of the program itself are not known here, and need the configuration.
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

// uncertain is the error instead of one that says that the daemon does not run,
// where the configuration, which may say where it is, is wrong.
func (p *program) uncertain(absent error) error {
	if p.daemon == nil || !legion.IsBystander(p.command) {
		return absent
	}
	c, none := legion.Use[plugin.Checker](p.daemon)
	if none != nil {
		return absent
	}
	if err := c.Check(); err != nil {
		return &ExitError{ExitNotConfigured, fmt.Errorf("%v; %s may be elsewhere, as its configuration says, which is wrong: %w", absent, p.daemon.Name(), err)}
	}
	return absent
}

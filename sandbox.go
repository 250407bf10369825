package legion

import (
	"reflect"
	"slices"

	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/sandbox"
	"github.com/legion-go/legion/status"
)

// Sandbox says what the functions of a pool may do; see Pool.Sandbox. Package
// sandbox describes its fields.
type Sandbox = sandbox.Sandbox

// Network is what functions may open: NoNetwork, AnyNetwork, or what TCP
// returns.
type Network = sandbox.Network

var (
	NoNetwork  = sandbox.NoNetwork  // no socket: the default
	AnyNetwork = sandbox.AnyNetwork // all that the worker's user may do
)

// TCP allows connections over TCP to these ports, and nothing else.
func TCP(ports ...int) Network { return sandbox.TCP(ports...) }

// Locked returns the strictest sandbox: functions compute on their arguments,
// and do nothing else.
func Locked() *Sandbox { return new(Sandbox) }

// boundSandbox complains about mistakes in the sandbox, and about limits that
// the pool has, too.
func (p *Pool) boundSandbox(c *checks) {
	if p.Sandbox == nil {
		return
	}
	if joined, ok := p.Sandbox.Validate().(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			at := err.(*sandbox.FieldError)
			c.that(false, "Sandbox."+at.Field, "%s", at.Problem)
		}
	}
	pool, box := reflect.ValueOf(*p), reflect.ValueOf(*p.Sandbox)
	for _, name := range []string{"CPU", "Threads", "FileSize", "User", "Env"} {
		c.agree(pool.FieldByName(name).IsZero() || box.FieldByName(name).IsZero(), "Sandbox."+name, name, "is set, and Pool.%s too: set one of them", name)
	}
}

// confinement says what confines the workers of p, of which the last has sent
// seal; nil if there is no sandbox.
func (p *declaredPool) confinement(seal wire.Seal) *status.Sandbox {
	if p.opts.Sandbox == nil {
		return nil
	}
	missing := slices.Clone(seal.Missing)
	if p.running.Load() == nil {
		missing = p.lacks()
	} else {
		missing = append(missing, p.missing...)
	}
	slices.Sort(missing)
	return &status.Sandbox{
		Held: append([]string{}, seal.Held...), Missing: append([]string{}, slices.Compact(missing)...), BestEffort: p.opts.Sandbox.BestEffort,
	}
}

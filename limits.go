package legion

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/legion-go/legion/internal/confine"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/recorder"
)

// limits returns the limits that a worker's process gets; Nice is the one to
// add.
func (p *Pool) limits() proc.Limits {
	return proc.Limits{
		Memory: recorder.Limit(p.MemoryLimit, p.Recorder), Procs: p.Procs, Nice: p.Nice, Files: p.Files,
		CPU: p.CPU, Threads: p.Threads, FileSize: p.FileSize, NoCore: p.NoCore, OOMScore: p.OOMScore,
	}
}

// boundLimits complains about limits that no process can have.
func (p *Pool) boundLimits(c *checks) {
	for field, problem := range p.limits().Mistakes() {
		c.that(field == "Memory", field, "%s", problem) // MemoryLimit has a bound of its own
	}
	c.that(strings.Count(p.User, ":") <= 1 && strings.Trim(p.User, ":") == p.User, "User", "is %q: write user or user:group", p.User)
	if err := proc.CheckEnv(p.Env); err != nil {
		c.that(false, "Env", "is wrong: %v", err)
	}
}

// spec describes the processes of p, without what each has of its own.
func (p *declaredPool) spec() proc.Spec {
	limits := p.opts.limits()
	limits.Nice = p.nice()
	return proc.Spec{
		Name: p.d.config.Name + ": " + p.name, Dir: p.d.place.Started(), Limits: limits, User: p.opts.User, Env: p.opts.Env,
		Sandbox: p.opts.Sandbox,
	}
}

// lacks returns what of the limits and the sandbox of p this system cannot
// hold, with the rights of this process.
func (p *declaredPool) lacks() []string {
	if p.d.declared.inProcess {
		return nil
	}
	return slices.Concat(proc.Missing(p.spec()), confine.Missing(p.opts.Sandbox), recorder.Missing(p.opts.Recorder))
}

// checkLimits refuses pools with limits, or a sandbox, that this system cannot
// hold, or warns if they do without.
func (d *Daemon) checkLimits() error {
	var errs []error
	for _, p := range d.declared.pools {
		what := "limits"
		if p.opts.Sandbox != nil {
			what = "sandbox"
		}
		p.missing = p.lacks()
		switch {
		case len(p.missing) == 0:
		case p.opts.Sandbox == nil || !p.opts.Sandbox.BestEffort:
			errs = append(errs, fmt.Errorf("pool %s: this system cannot hold its %s: %s", p.name, what, strings.Join(p.missing, "; ")))
		default:
			for _, part := range p.missing {
				d.log.Warn("the sandbox of a pool is not whole", "pool", p.name, "missing", part)
			}
		}
	}
	return errors.Join(errs...)
}

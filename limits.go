package legion

import (
	"errors"
	"fmt"
	"strings"

	"github.com/legion-go/legion/internal/proc"
)

// limits returns the limits that a worker's process gets; Nice is the one to
// add.
func (p *Pool) limits() proc.Limits {
	return proc.Limits{
		Memory: p.MemoryLimit, Procs: p.Procs, Nice: p.Nice, Files: p.Files,
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
	}
}

// checkLimits refuses pools with limits that this system cannot hold.
func (d *Daemon) checkLimits() error {
	var errs []error
	for _, p := range d.declared.pools {
		if missing := proc.Missing(p.spec()); len(missing) > 0 && !d.declared.inProcess {
			errs = append(errs, fmt.Errorf("pool %s: this system cannot hold its limits: %s", p.name, strings.Join(missing, "; ")))
		}
	}
	return errors.Join(errs...)
}

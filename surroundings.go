package legion

import (
	"fmt"
	"path/filepath"

	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/life"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/takeover"
)

// executable is the path by which this program was started, links not resolved:
// an upgrade starts the file that is there then, not the replaced one, nor the
// old target of a link. It is "" in workers.
var executable = func() string {
	if proc.Self() != nil {
		return ""
	}
	args := append(proc.Args(), "") // exec may have passed no arguments
	return host.Invoked(args[0], takeover.Inherited() != nil)
}()

// Program returns the absolute path by which this program was started, as
// Daemon.Upgrade executes it: symbolic links in it are not resolved. It is ""
// in worker processes.
func Program() string { return executable }

// settings are the parts of the configuration that settle and drop apply.
func (d *Daemon) settings() host.Settings {
	c := &d.config
	return host.Settings{Name: c.Name, User: c.User, Group: c.Group, RuntimeDir: c.RuntimeDir, WorkDir: c.WorkDir, Umask: c.Umask, Nice: c.Nice}
}

// settle applies the settings that can be applied before the plugins start:
// umask, niceness and working directory.
func (d *Daemon) settle() error {
	niced := takeover.Upgraded() || takeover.GoesOn() // by the previous process
	return d.place.Settle(d.settings(), niced)
}

// drop switches to Config.User and Config.Group for good, after plugins and
// listeners, which may need privileges, have been opened.
func (d *Daemon) drop() error { return d.place.Drop(d.settings()) }

// RuntimeDir returns the folder for the daemon's sockets, locks and pid files,
// which belongs to the daemon's user alone, and makes it if it does not exist:
// Config.RuntimeDir, or else the first of $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR
// with the daemon's name, /run with its name, and one in the folder for
// temporary files. A folder that another user owns or may write to, and a
// symbolic link, are refused.
func (d *Daemon) RuntimeDir() (string, error) {
	dir, err := d.place.RuntimeDir(d.settings(), d.life.State() != life.Declared)
	if err != nil {
		return "", fmt.Errorf("legion: %w", err)
	}
	return dir, nil
}

// RuntimePath returns the folder that RuntimeDir would provide, without making
// or checking it.
func (d *Daemon) RuntimePath() (string, error) {
	path, err := d.place.RuntimePath(d.settings())
	if err != nil {
		return "", fmt.Errorf("legion: %w", err)
	}
	return path, nil
}

// HardStart reports Config.HardStart, for plugins.
func (d *Daemon) HardStart() bool { return d.config.HardStart }

// workDir is the working directory of p's workers; "" is where they start.
func (p *declaredPool) workDir() string {
	if filepath.IsAbs(p.opts.Dir) {
		return p.opts.Dir
	}
	return filepath.Join(p.d.config.WorkDir, p.opts.Dir)
}

// nice is the nice value of p's workers; 0 is the daemon's own.
func (p *declaredPool) nice() int {
	if p.opts.Nice == 0 {
		return 0
	}
	return host.Nicer(p.opts.Nice)
}

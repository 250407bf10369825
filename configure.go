package legion

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/life"
	"github.com/legion-go/legion/internal/proc"
)

// IsWorker reports whether this process is a worker. main runs there too: what
// is only for the daemon's process, reading a command line for instance, can
// ask.
func IsWorker() bool { return proc.Self() != nil }

// Config returns the configuration with its defaults filled in.
func (d *Daemon) Config() Config {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.config.clone()
}

// clone returns a copy that shares nothing that can be changed.
func (c Config) clone() Config {
	c.Command = slices.Clone(c.Command)
	c.Access = maps.Clone(c.Access)
	c.Signals = maps.Clone(c.Signals)
	return c
}

// Configure changes the configuration of a daemon that has not been started: a
// command line does. An error of change, or a configuration that is not valid,
// leaves it as it was. Name and MinPause cannot be changed any more.
func (d *Daemon) Configure(change func(*Config) error) error {
	if d.life.State() != life.Declared {
		return d.tooLate()
	}
	c := d.Config()
	if err := change(&c); err != nil { // without the lock: it may look at the daemon
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if c.Name != d.config.Name || c.MinPause != d.config.MinPause {
		return fmt.Errorf("legion: configuring %s: Name and MinPause are fixed by New", d.config.Name)
	}
	if err := c.resolve(); err != nil {
		return fmt.Errorf("legion: %w", err)
	}
	err := d.tooLate()
	d.life.With(func(now life.State) { // no start begins meanwhile
		if now == life.Declared {
			d.config, err = c, nil
			d.log.Configure(d.logConfig())
		}
	})
	return err
}

func (d *Daemon) tooLate() error {
	return fmt.Errorf("legion: configuring %s: it has been started; do it before Start or Run", d.config.Name)
}

// RuntimePath returns which folder RuntimeDir would provide. Nothing is made or
// checked.
func (d *Daemon) RuntimePath() (string, error) {
	owner, err := host.Lookup(d.config.User, d.config.Group)
	if err == nil {
		var path string
		if path, err = host.RuntimePath(d.config.Name, d.runtimeDir(), owner); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("legion: %w", err)
}

// runtimeDir is Config.RuntimeDir. One that is relative is below WorkDir, into
// which the daemon goes when it starts.
func (d *Daemon) runtimeDir() string {
	d.mu.Lock()
	started, fixed := d.place.startDir, d.place.runtime
	d.mu.Unlock()
	if fixed != "" {
		return fixed
	}
	dir := d.config.RuntimeDir
	for _, above := range []string{d.config.WorkDir, started} {
		if dir != "" && above != "" && !filepath.IsAbs(dir) {
			dir = filepath.Join(above, dir)
		}
	}
	return dir
}

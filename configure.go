package legion

import (
	"fmt"

	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/proc"
)

// IsWorker reports whether this process is a worker. main runs there too: what is
// only for the daemon's process, reading a command line for instance, can ask.
func IsWorker() bool { return proc.Self() != nil }

// Config returns the configuration with its defaults filled in.
func (d *Daemon) Config() Config {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.config
}

// Configure changes the configuration of a daemon that has not been started: a
// command line does. An error of change, or a configuration that is not valid,
// leaves it as it was. Name and MinPause cannot be changed any more.
func (d *Daemon) Configure(change func(*Config) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != declared {
		return fmt.Errorf("legion: configuring %s: it has been started; do it before Start or Run", d.config.Name)
	}
	c := d.config
	if err := change(&c); err != nil {
		return err
	}
	if c.Name != d.config.Name || c.MinPause != d.config.MinPause {
		return fmt.Errorf("legion: configuring %s: Name and MinPause are fixed by New", d.config.Name)
	}
	if err := c.resolve(); err != nil {
		return fmt.Errorf("legion: Config.%w", err)
	}
	d.config = c
	d.setLog()
	return nil
}

// RuntimePath returns which folder RuntimeDir would provide. Nothing is made or
// checked.
func (d *Daemon) RuntimePath() (string, error) {
	owner, err := host.Lookup(d.config.User, d.config.Group)
	if err == nil {
		var path string
		if path, err = host.RuntimePath(d.config.Name, d.config.RuntimeDir, owner); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("legion: %w", err)
}

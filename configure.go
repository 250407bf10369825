package legion

import (
	"fmt"
	"maps"
	"slices"

	"github.com/legion-go/legion/internal/life"
	"github.com/legion-go/legion/internal/proc"
)

// IsWorker reports whether this process is a worker. main runs there too: code
// for the daemon's process alone, such as reading a command line, can ask.
func IsWorker() bool { return proc.Self() != nil }

// Config returns the configuration, with the default of StopTimeout filled in.
// What else is zero stands for its default.
func (d *Daemon) Config() Config {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.config.clone()
}

// clone returns a copy that shares no mutable data.
func (c Config) clone() Config {
	c.Command = slices.Clone(c.Command)
	c.Access = maps.Clone(c.Access)
	c.Signals = maps.Clone(c.Signals)
	return c
}

// Configure changes the configuration of a daemon that has not been started; a
// command line uses it. If change returns an error, or the configuration is not
// valid, it stays unchanged. Name and MinPause cannot be changed.
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

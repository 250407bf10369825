package legion

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

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

// settle applies the settings that can be applied before the plugins start:
// umask, niceness and working directory.
func (d *Daemon) settle() (err error) {
	if d.place.identity, err = host.Lookup(d.config.User, d.config.Group); err != nil {
		return fmt.Errorf("Config.User and Config.Group: %w", err)
	}
	if d.config.Umask != 0 {
		host.Umask(d.config.Umask)
	}
	if d.config.Nice != 0 && !takeover.Upgraded() && !takeover.GoesOn() { // inherited from the previous process
		if err := host.Nice(nicer(d.config.Nice)); err != nil {
			return fmt.Errorf("Config.Nice: %w", err)
		}
	}
	if d.config.WorkDir != "" {
		// Other processes of the daemon start in the same directory as this one,
		// because its arguments may be relative to that, and change it as this one
		// does.
		dir, err := os.Getwd()
		switch {
		case err != nil && !filepath.IsAbs(d.config.WorkDir):
			return fmt.Errorf("Config.WorkDir %s is relative to a working directory that does not exist: start the daemon elsewhere, or give an absolute path: %w", d.config.WorkDir, err)
		case err != nil:
			dir = "" // removed: the daemon cannot go back
		}
		d.mu.Lock()
		d.place.startDir = dir
		d.mu.Unlock()
		if err := host.Chdir(d.config.WorkDir); err != nil {
			return fmt.Errorf("Config.WorkDir: %w", err)
		}
	}
	return nil
}

// drop switches to Config.User and Config.Group for good, after plugins and
// listeners, which may need privileges, have been opened.
func (d *Daemon) drop() error {
	if !d.drops() {
		return nil
	}
	env := host.CleanEnv(os.Environ(), d.place.identity)
	if err := host.Drop(d.place.identity); err != nil {
		return fmt.Errorf("becoming user %q, group %q: %w", d.config.User, d.config.Group, err)
	}
	os.Clearenv()
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("the environment of user %q: %w", d.config.User, err)
		}
	}
	return nil
}

// drops reports whether the daemon will switch to another user or group: not
// after an upgrade, and not if it was started as that user.
func (d *Daemon) drops() bool {
	now := host.Current()
	return (d.config.User != "" || d.config.Group != "") && (now.UID != d.place.identity.UID || now.GID != d.place.identity.GID)
}

// RuntimeDir returns the folder for the daemon's sockets, locks and pid files,
// which belongs to the daemon's user alone, and makes it if it does not exist:
// Config.RuntimeDir, or else the first of $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR
// with the daemon's name, /run with its name, and one in the folder for
// temporary files. A folder that another user owns or may write to, and a
// symbolic link, are refused.
func (d *Daemon) RuntimeDir() (string, error) {
	owner, err := host.Lookup(d.config.User, d.config.Group)
	if err == nil {
		var dir string
		if dir, err = host.RuntimeDir(d.config.Name, d.runtimeDir(), owner); err == nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.life.State() != life.Declared {
				d.place.runtime = dir // for good: a removed folder is made again at the same place
			}
			return dir, nil
		}
	}
	return "", fmt.Errorf("legion: %w", err)
}

// HardStart reports Config.HardStart, for plugins.
func (d *Daemon) HardStart() bool { return d.config.HardStart }

// whereStarted is the folder in which other processes of the daemon are
// started; "" is this one's own, also if the daemon cannot go back as another
// user.
func (d *Daemon) whereStarted() string {
	if d.place.startDir == "" || unix.Access(d.place.startDir, unix.X_OK) != nil {
		return ""
	}
	return d.place.startDir
}

// nice is the nice value of p's workers; 0 is the daemon's own.
func (p *declaredPool) nice() int {
	if p.opts.Nice == 0 {
		return 0
	}
	return nicer(p.opts.Nice)
}

// nicer adds to the niceness of this process.
func nicer(by int) int { return max(min(host.Niceness()+by, 19), -20) }

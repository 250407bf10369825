package legion

import (
	"fmt"
	"os"

	"github.com/legion-go/legion/internal/host"
)

// executable is the path of this program as it was when it started: an upgrade
// starts what is there then, not the file that was replaced meanwhile.
var executable, _ = os.Executable()

// settle makes the process what the configuration asks for, as far as it can be
// done before the plugins start: umask, niceness and working directory.
func (d *Daemon) settle() (err error) {
	if d.identity, err = host.Lookup(d.config.User, d.config.Group); err != nil {
		return fmt.Errorf("Config.User and Config.Group: %w", err)
	}
	if d.config.Umask != 0 {
		host.Umask(d.config.Umask)
	}
	if d.config.Nice != 0 {
		if err := host.Nice(d.config.Nice); err != nil {
			return fmt.Errorf("Config.Nice: %w", err)
		}
	}
	if d.config.WorkDir != "" {
		if err := host.Chdir(d.config.WorkDir); err != nil {
			return fmt.Errorf("Config.WorkDir: %w", err)
		}
	}
	return nil
}

// drop becomes Config.User and Config.Group for good, after what needs
// privileges has been opened: plugins and listeners.
func (d *Daemon) drop() error {
	if d.config.User == "" && d.config.Group == "" {
		return nil
	}
	now := host.Current()
	if now.UID == d.identity.UID && now.GID == d.identity.GID {
		return nil // after an upgrade, or started as that user
	}
	if err := host.Drop(d.identity); err != nil {
		return fmt.Errorf("becoming user %q, group %q: %w", d.config.User, d.config.Group, err)
	}
	return nil
}

// RuntimeDir returns the folder for the daemon's sockets, locks and pid files,
// which belongs to the daemon's user alone. It is made if it does not exist:
// Config.RuntimeDir, or else the first of $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR
// with the daemon's name, /run with its name, and one in the folder for temporary
// files. A folder that somebody else owns or may write to, and a symbolic link,
// are refused.
func (d *Daemon) RuntimeDir() (string, error) {
	owner, err := host.Lookup(d.config.User, d.config.Group)
	if err == nil {
		var dir string
		if dir, err = host.RuntimeDir(d.config.Name, d.config.RuntimeDir, owner); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("legion: %w", err)
}

// HardStart reports Config.HardStart, for plugins.
func (d *Daemon) HardStart() bool { return d.config.HardStart }

package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/systemd"
)

// unitFolder is where an administrator's units are. Tests change it.
var unitFolder = "/etc/systemd/system"

func unitVerb(p *program) *verb {
	var o unitOptions
	return &verb{
		group: moreGroup, needs: aDaemon,
		Command: Command{
			Name: "unit", Short: "write a unit file for systemd",
			Long:  "It starts this program at its path, with the flags and values of -o given here.",
			Flags: o.register,
			Run: func(ctx context.Context, in *Invocation) error {
				text, err := o.unit(p)
				if err != nil {
					return err
				}
				if !o.install {
					if in.JSON {
						return in.print(map[string]string{"unit": text})
					}
					in.out().printf("%s", text)
					return nil
				}
				return o.write(in, p.daemon.Name(), text)
			},
		},
	}
}

type unitOptions struct {
	install, replace, old bool
	user, group           string
}

func (o *unitOptions) register(fs *flag.FlagSet) {
	fs.BoolVar(&o.install, "install", false, "write it to "+unitFolder)
	fs.BoolVar(&o.replace, "replace", false, "with --install, replace one that is there")
	fs.BoolVar(&o.old, "old", false, "for systemd before version 253")
	fs.StringVar(&o.user, "user", "", "the `user` that the daemon runs as. Default: root")
	fs.StringVar(&o.group, "group", "", "its `group`")
}

// unit returns the text of the unit.
func (o *unitOptions) unit(p *program) (string, error) {
	c := p.daemon.Config()
	command := slices.Concat([]string{legion.Program()}, p.prefix, []string{"run", "-f"}, p.flags.set.args())
	if c.User != "" && o.user == "" {
		o.user, o.group = c.User, c.Group
	}
	text, err := systemd.Unit(systemd.UnitOptions{
		Name: c.Name, Exec: command, User: o.user, Group: o.group, WorkDir: c.WorkDir, StopTimeout: c.StopTimeout, Old: o.old,
		ReadWrite: logFolder(c.LogFile),
	})
	if err != nil {
		return "", &ExitError{ExitNotConfigured, err}
	}
	return text, nil
}

// logFolder is what the daemon must be able to write to for its log.
func logFolder(file string) []string {
	if !filepath.IsAbs(file) {
		return nil
	}
	return []string{filepath.Dir(file)}
}

// write installs the unit.
func (o *unitOptions) write(in *Invocation, name, text string) error {
	if info, err := os.Stat(unitFolder); err != nil || !info.IsDir() {
		return exit(ExitNotInstalled, "there is no folder %s: is systemd installed?", unitFolder)
	}
	path := filepath.Join(unitFolder, name+".service")
	if !o.replace {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return exit(ExitFailed, "%s is there already: look at it, and add --replace", path)
		}
	}
	if err := writeFile(path, text); err != nil {
		return fmt.Errorf("writing the unit: %w", err)
	}
	if in.JSON {
		return in.print(map[string]string{"path": path})
	}
	in.say("%s is written. Now:\n  systemctl daemon-reload\n  systemctl enable --now %s", path, name)
	return nil
}

// writeFile writes a file so that it is there whole or not at all.
func writeFile(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path))
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

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
			Long: "The unit starts this program at its path, with the flags and values of -o given here,\n" +
				"after config check has found nothing wrong. It is written for the systemd of this\n" +
				"machine or, if there is none, so that every version understands it.",
			Flags: o.register,
			Run: func(ctx context.Context, in *Invocation) error {
				text, err := o.unit(ctx, p)
				if err != nil {
					return err
				}
				for _, w := range p.unitWarnings() {
					p.stderr.printf("%s: %s\n", p.name, w)
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
	version               int
	user, group           string
}

func (o *unitOptions) register(fs *flag.FlagSet) {
	fs.BoolVar(&o.install, "install", false, "write it to "+unitFolder)
	fs.BoolVar(&o.replace, "replace", false, "with --install, replace an existing unit")
	fs.IntVar(&o.version, "systemd", 0, "write for this `version` of systemd. Default: what systemctl --version says")
	fs.BoolVar(&o.old, "old", false, "for systemd before version 253, as --systemd 252")
	fs.StringVar(&o.user, "user", "", "the `user` that the daemon runs as. Default: root")
	fs.StringVar(&o.group, "group", "", "its `group`")
}

// unit returns the text of the unit.
func (o *unitOptions) unit(ctx context.Context, p *program) (string, error) {
	c := p.daemon.Config()
	command := func(verb ...string) []string {
		return slices.Concat([]string{legion.Program()}, p.prefix, verb, p.flags.set.args())
	}
	version := o.version
	if version == 0 && !o.old {
		version = systemdVersion(ctx)
	}
	if c.User != "" && o.user == "" {
		o.user, o.group = c.User, c.Group
	}
	text, err := systemd.Unit(systemd.UnitOptions{
		Name: c.Name, Description: unitDescription(c), Exec: command("run", "-f"), Check: command("config", "check"), User: o.user, Group: o.group,
		WorkDir: c.WorkDir, StopTimeout: c.StopTimeout, Old: o.old || version < notifyReload,
		ReadWrite: logFolder(c.LogFile),
	})
	if err != nil {
		return "", &ExitError{ExitNotConfigured, err}
	}
	return text, nil
}

// unitDescription is the daemon's name, and what it does.
func unitDescription(c legion.Config) string {
	return strings.TrimRight(strings.TrimSpace(c.Name+" "+strings.TrimSuffix(c.Description, ".")), `\`)
}

// notifyReload is the version of systemd that brought Type=notify-reload.
const notifyReload = 253

// systemdVersion returns the version of this machine's systemd, 0 if it is not
// known.
func systemdVersion(ctx context.Context) (version int) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	out, _ := exec.CommandContext(ctx, "systemctl", "--version").Output()
	first, _, _ := strings.Cut(string(out), "\n")
	_, _ = fmt.Sscanf(first, "systemd %d", &version)
	return version
}

// unitWarnings says which files of the daemon a service cannot see.
func (p *program) unitWarnings() (all []string) {
	c := p.daemon.Config()
	for _, at := range []struct{ what, path, to string }{
		{"the program", legion.Program(), "/usr/local/bin"},
		{"work_dir", c.WorkDir, "/var/lib/" + c.Name},
		{"log_file", c.LogFile, "/var/log/" + c.Name},
	} {
		if line := hidingLine(at.path); line != "" {
			all = append(all, fmt.Sprintf("%s is %s, which the unit hides from the service (%s): move it, to %s for instance, or take that line out", at.what, at.path, line, at.to))
		}
	}
	return all
}

// hidingLine returns the line of the unit that hides a path, or the target of
// its link; "" if none does.
func hidingLine(path string) string {
	if path == "" {
		return ""
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = path
	}
	for _, hidden := range []struct{ folder, line string }{
		{"/home/", "ProtectHome=yes"}, {"/root/", "ProtectHome=yes"}, {"/run/user/", "ProtectHome=yes"},
		{"/tmp/", "PrivateTmp=yes"}, {"/var/tmp/", "PrivateTmp=yes"},
	} {
		for _, p := range []string{path, real} {
			if strings.HasPrefix(filepath.Clean(p)+"/", hidden.folder) {
				return hidden.line
			}
		}
	}
	return ""
}

// logFolder is the folder that the daemon must be able to write to for its log.
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
			return exit(ExitFailed, "%s exists already: look at it, and add --replace to replace it", path)
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

// writeFile writes a file completely or not at all.
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

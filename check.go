package legion

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/legion-go/legion/internal/confine"
	"github.com/legion-go/legion/internal/host"
)

// ErrConfig is matched by errors in a configuration, as returned by Check, and
// by Load of package config. Package cli ends with code 6 then.
var ErrConfig = errors.New("wrong configuration")

// Check looks for mistakes that would make a start fail: in the configuration,
// and with the Check of plugins that are Checkers. It opens, makes and starts
// nothing, so it may be called beside a running daemon: the verb config check
// does. A restart and an upgrade in place call the next program's Check before
// they stop anything. The error joins one error for each mistake, and matches
// ErrConfig.
func (d *Daemon) Check() error {
	errs := []error{d.checkPlaces()}
	rules, err := d.accessRules()
	if err == nil {
		_, _, err = d.newRegistry(rules, nil)
	}
	errs = append(errs, err)
	errs = append(errs, d.plugins.Check()...)
	if err := errors.Join(errs...); err != nil {
		return &configError{err}
	}
	return nil
}

// configError is an error that matches ErrConfig.
type configError struct{ err error }

func (e *configError) Error() string   { return e.err.Error() }
func (e *configError) Unwrap() []error { return []error{e.err, ErrConfig} }

// checkPlaces looks for the user, folders and addresses that Config names.
func (d *Daemon) checkPlaces() error {
	var errs []error
	if _, err := host.Lookup(d.config.User, d.config.Group); err != nil {
		errs = append(errs, fmt.Errorf("Config.User and Config.Group: %w", err))
	}
	for _, p := range d.declared.pools {
		if box := p.opts.Sandbox; box != nil && !box.BestEffort && !d.declared.inProcess {
			for _, missing := range confine.Missing(box) {
				errs = append(errs, fmt.Errorf("pool %s: Pool.Sandbox: %s", p.name, missing))
			}
		}
		if _, err := host.LookupPair(p.opts.User); p.opts.User != "" && err != nil {
			errs = append(errs, fmt.Errorf("pool %s: Pool.User: %w", p.name, err))
		}
	}
	if dir := d.config.WorkDir; dir != "" {
		if info, err := os.Stat(dir); err != nil {
			errs = append(errs, fmt.Errorf("Config.WorkDir: %w", err))
		} else if !info.IsDir() {
			errs = append(errs, fmt.Errorf("Config.WorkDir: %s is not a directory", dir))
		}
	}
	if file := d.config.LogFile; filepath.IsAbs(file) {
		if _, err := os.Stat(filepath.Dir(file)); err != nil {
			errs = append(errs, fmt.Errorf("Config.LogFile: its folder must exist: %w", err))
		}
	}
	_, err := d.controlAddresses()
	return errors.Join(append(errs, err)...)
}

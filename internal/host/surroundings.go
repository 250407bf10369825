package host

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Settings are the fields of a daemon's configuration that say where it runs,
// and as which user.
type Settings struct {
	Name, User, Group   string
	RuntimeDir, WorkDir string
	Umask, Nice         int
}

// Surroundings are where a daemon's process runs, and as which user. The zero
// Surroundings are those before a start. Its methods may be called from any
// goroutine; but Settle and Drop change the process: call them once, in this
// order.
type Surroundings struct {
	owner Identity // set by Settle, and fixed from then on

	mu      sync.Mutex
	started string // the folder where the process was started, if WorkDir is another
	runtime string // the runtime folder, if it is fixed
}

// Settle looks up the user, and applies umask, niceness and working directory.
// niced says that this process has inherited the niceness.
func (s *Surroundings) Settle(c Settings, niced bool) (err error) {
	if s.owner, err = Lookup(c.User, c.Group); err != nil {
		return fmt.Errorf("Config.User and Config.Group: %w", err)
	}
	if c.Umask != 0 {
		Umask(c.Umask)
	}
	if c.Nice != 0 && !niced {
		if err := Nice(Nicer(c.Nice)); err != nil {
			return fmt.Errorf("Config.Nice: %w", err)
		}
	}
	if c.WorkDir == "" {
		return nil
	}
	// Other processes of the daemon start in the same directory as this one,
	// because its arguments may be relative to that, and change it as this one
	// does.
	dir, err := os.Getwd()
	switch {
	case err != nil && !filepath.IsAbs(c.WorkDir):
		return fmt.Errorf("Config.WorkDir %s is relative to a working directory that does not exist: start the daemon elsewhere, or give an absolute path: %w", c.WorkDir, err)
	case err != nil:
		dir = "" // removed: the daemon cannot go back
	}
	s.mu.Lock()
	s.started = dir
	s.mu.Unlock()
	if err := Chdir(c.WorkDir); err != nil {
		return fmt.Errorf("Config.WorkDir: %w", err)
	}
	return nil
}

// Drop switches to the user and the group for good, if Drops reports true.
func (s *Surroundings) Drop(c Settings) error {
	if !s.Drops(c) {
		return nil
	}
	env := CleanEnv(os.Environ(), s.owner)
	if err := Drop(s.owner); err != nil {
		return fmt.Errorf("becoming user %q, group %q: %w", c.User, c.Group, err)
	}
	os.Clearenv()
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("the environment of user %q: %w", c.User, err)
		}
	}
	return nil
}

// Drops reports whether Drop switches to another user or group, or has yet to:
// it does not after an upgrade, nor in a process that was started as that user.
func (s *Surroundings) Drops(c Settings) bool {
	now := Current()
	return (c.User != "" || c.Group != "") && (now.UID != s.owner.UID || now.GID != s.owner.GID)
}

// Owner is the user as which the daemon runs, known from Settle on.
func (s *Surroundings) Owner() Identity { return s.owner }

// Started is the folder in which other processes of the daemon are started; ""
// is this process's own, also if the daemon cannot go back as another user.
func (s *Surroundings) Started() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started == "" || unix.Access(s.started, unix.X_OK) != nil {
		return ""
	}
	return s.started
}

// RuntimeDir provides the runtime folder, see [RuntimeDir]. forGood fixes it: a
// removed folder is made again at the same place.
func (s *Surroundings) RuntimeDir(c Settings, forGood bool) (string, error) {
	owner, err := Lookup(c.User, c.Group)
	if err != nil {
		return "", err
	}
	dir, err := RuntimeDir(c.Name, s.runtimeDir(c), owner)
	if err == nil && forGood {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.runtime = dir
	}
	return dir, err
}

// RuntimePath returns the folder that RuntimeDir would provide, without making
// or checking it.
func (s *Surroundings) RuntimePath(c Settings) (string, error) {
	owner, err := Lookup(c.User, c.Group)
	if err != nil {
		return "", err
	}
	return RuntimePath(c.Name, s.runtimeDir(c), owner)
}

// runtimeDir is the fixed runtime folder, or the configured one. A relative one
// is below WorkDir, to which the daemon changes when it starts.
func (s *Surroundings) runtimeDir(c Settings) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runtime != "" {
		return s.runtime
	}
	dir := c.RuntimeDir
	for _, above := range []string{c.WorkDir, s.started} {
		if dir != "" && above != "" && !filepath.IsAbs(dir) {
			dir = filepath.Join(above, dir)
		}
	}
	return dir
}

// Nicer is the nice value of a process that is nicer than this one.
func Nicer(by int) int { return max(min(Niceness()+by, 19), -20) }

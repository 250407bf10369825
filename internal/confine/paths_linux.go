//go:build amd64 || arm64

package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/legion-go/legion/sandbox"
)

// outerLayer allows what the setup may open, until the seal.
func outerLayer(s *sandbox.Sandbox, sys system, p plan) (layer, error) {
	l, err := newLayer(sys.abi, p.ports == atBirth, p.scopes)
	if err != nil {
		return layer{}, err
	}
	err = l.allowNamed("Setup", s.Setup, read)
	if err == nil {
		err = l.allowFunctions(s)
	}
	if err == nil {
		err = l.allowIfThere(read, append(resolving(), "/etc/localtime", "/usr/share/zoneinfo")...)
	}
	own := uint64(read)
	if p.restarts {
		own |= execute
		if err == nil {
			err = l.allowIfThere(own, libraries()...)
		}
		if err == nil && raceEnabled { // the detector reads GORACE there, so that a race ends the program
			err = l.allowIfThere(read, "/proc/self/environ")
		}
	}
	if err == nil {
		err = l.allow("/proc/self/exe", own)
	}
	if err == nil && p.ports == atBirth {
		err = l.allowPorts(s)
	}
	if err != nil {
		l.close()
		return layer{}, err
	}
	return l, nil
}

// innerLayer allows what functions may open.
func innerLayer(s *sandbox.Sandbox, sys system, p plan) (layer, error) {
	l, err := newLayer(sys.abi, p.ports == atSeal, 0)
	if err != nil {
		return layer{}, err
	}
	if err = l.allowFunctions(s); err == nil && s.Network.Any() {
		err = l.allowIfThere(read, resolving()...)
	}
	if err == nil && p.ports == atSeal {
		err = l.allowPorts(s)
	}
	if err != nil {
		l.close()
		return layer{}, err
	}
	return l, nil
}

func (l layer) allowFunctions(s *sandbox.Sandbox) error {
	reads := uint64(read)
	if s.Exec {
		reads |= execute
	}
	if err := l.allowNamed("Read", s.Read, reads); err != nil {
		return err
	}
	if err := l.allowNamed("Write", s.Write, read|write); err != nil {
		return err
	}
	if err := l.allowIfThere(read|write, "/dev/null"); err != nil {
		return err
	}
	return l.allowIfThere(read, "/dev/zero", "/dev/random", "/dev/urandom")
}

// allowNamed gives rights to the paths of a field of the Sandbox.
func (l layer) allowNamed(field string, paths []string, rights uint64) error {
	for _, path := range paths {
		err := l.allow(path, rights)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: make it before workers start, or do not name it", err)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", "Sandbox."+field, err)
		}
	}
	return nil
}

// allowIfThere gives rights to those of the paths that exist.
func (l layer) allowIfThere(rights uint64, paths ...string) error {
	for _, path := range paths {
		if err := l.allow(path, rights); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}

func (l layer) allowPorts(s *sandbox.Sandbox) error {
	for _, port := range s.Network.Ports() {
		if err := l.allowPort(port); err != nil {
			return fmt.Errorf("Sandbox.Network: port %d: %w", port, err)
		}
	}
	return nil
}

// resolving are the files that the resolving of a host's name reads, in Go and
// in C.
func resolving() []string {
	return []string{"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols"}
}

// libraries are the files that this program was loaded from, and the list in
// which the loader finds them.
func libraries() []string {
	list := []string{"/etc/ld.so.cache"}
	maps, _ := os.ReadFile("/proc/self/maps")
	last := ""
	for line := range strings.Lines(string(maps)) {
		at := strings.IndexByte(line, '/')
		if at < 0 {
			continue
		}
		if path := strings.TrimSuffix(line[at:], "\n"); path != last {
			list, last = append(list, path), path
		}
	}
	return list
}

package systemd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
)

// ErrInactive says that the daemon was not started by systemd, or has been
// replaced by a new process.
var ErrInactive = errors.New("there is no systemd to talk to")

// Files returns the descriptors of that name that systemd has passed: those of
// socket units, whose name is FileDescriptorName= or else the unit's, and those
// that were stored. The caller must close them; each call returns new ones. It
// is not an error if there is none of that name, or if systemd did not start
// the daemon. It is an error before the daemon's start: call it in Init.
func (s *Service) Files(name string) ([]*os.File, error) {
	var files []*os.File
	err := s.each(name, func(f *os.File) error {
		other, err := duplicate(f)
		if err == nil {
			files = append(files, other)
		}
		return err
	})
	if err != nil {
		for _, f := range files {
			_ = f.Close()
		}
		return nil, err
	}
	return files, nil
}

// Listeners returns the descriptors of that name as listeners, as Files does;
// one that is not a listener is an error. Closing a Unix listener does not
// remove its path: systemd goes on listening.
func (s *Service) Listeners(name string) ([]net.Listener, error) {
	var listeners []net.Listener
	err := s.each(name, func(f *os.File) error {
		l, err := net.FileListener(f)
		if err == nil {
			listeners = append(listeners, l)
		}
		return err
	})
	if err != nil {
		for _, l := range listeners {
			_ = l.Close()
		}
		return nil, err
	}
	return listeners, nil
}

// Names returns the names of all descriptors that systemd has passed.
func (s *Service) Names() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.env.files {
		if !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
	}
	return names
}

func (s *Service) each(name string, fn func(*os.File) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == idle {
		return fmt.Errorf("descriptors %q of systemd: the daemon does not run: ask for them in Init or later", name)
	}
	for _, f := range s.env.files {
		if f.name != name {
			continue
		}
		if err := fn(f.file); err != nil {
			return fmt.Errorf("descriptor %q of systemd: %w", name, err)
		}
	}
	return nil
}

// Store makes systemd keep f under that name until the service is stopped: the
// next process finds it with Files, even after a crash. The caller keeps f. The
// unit needs FileDescriptorStoreMax. systemd drops sockets and pipes whose
// other end is closed. Store fails with ErrInactive if there is no systemd; it
// cannot know whether systemd keeps f.
func (s *Service) Store(name string, f *os.File) error {
	if f == nil {
		return fmt.Errorf("storing descriptor %q: there is none", name)
	}
	return s.store("storing", name, "FDSTORE=1", f)
}

// Remove makes systemd close all descriptors that it keeps under that name.
func (s *Service) Remove(name string) error {
	return s.store("removing", name, "FDSTOREREMOVE=1")
}

func (s *Service) store(doing, name, command string, files ...*os.File) error {
	if err := checkFileName(name); err != nil {
		return fmt.Errorf("%s descriptor %q: %w", doing, name, err)
	}
	s.mu.Lock()
	socket := s.env.socket
	talks := s.state == ready && socket != ""
	s.mu.Unlock()
	if !talks {
		return fmt.Errorf("%s descriptor %q: %w", doing, name, ErrInactive)
	}
	err := send(socket, command+"\nFDNAME="+name, files...)
	s.count(err)
	if err != nil {
		return fmt.Errorf("%s descriptor %q: %w", doing, name, err)
	}
	return nil
}

// checkFileName allows the names that sd_notify(3) allows.
func checkFileName(name string) error {
	bad := strings.IndexFunc(name, func(r rune) bool { return r < ' ' || r >= 0x7f || r == ':' })
	if name == "" || len(name) > maxName || bad >= 0 {
		return fmt.Errorf("the name must have 1 to %d printable ASCII characters other than ':'", maxName)
	}
	return nil
}

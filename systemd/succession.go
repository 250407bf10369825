package systemd

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// systemd has not started the new process of an upgrade, so it has no
// variables. It inherits a file with their contents, and the descriptors.
//
// The file has one line per fact: "socket X", "watchdog MICROSECONDS", and
// "file NAME" for each descriptor, in order.

const keptState = "systemd"

func keptName(i int) string { return fmt.Sprintf("systemd.%d", i) }

// maxState bounds the file.
const maxState = 16 + 4096 + 64 + maxFiles*(maxName+8)

// format returns the contents of the file.
func (e environment) format() string {
	var b strings.Builder
	fmt.Fprintf(&b, "socket %s\n", e.socket)
	if e.watchdog > 0 {
		fmt.Fprintf(&b, "watchdog %d\n", e.watchdog.Microseconds())
	}
	for _, f := range e.files {
		fmt.Fprintf(&b, "file %s\n", f.name)
	}
	return b.String()
}

// parseState reads what format has written; names are those of the descriptors.
func parseState(s string) (e environment, names []string, err error) {
	for line := range strings.Lines(s) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch key {
		case "socket":
			e.socket = value
		case "watchdog":
			if e.watchdog, err = parseInterval(value); err != nil {
				return e, nil, err
			}
		case "file":
			names = append(names, value)
		} // ignore what a newer version adds
	}
	return e, names, nil
}

// keep makes the next process inherit all.
func (e environment) keep(d host) (*os.File, error) {
	state, err := anonymousFile("systemd")
	if err != nil {
		return nil, fmt.Errorf("making a file for upgrades: %w", err)
	}
	if _, err := state.WriteString(e.format()); err != nil {
		_ = state.Close()
		return nil, fmt.Errorf("making a file for upgrades: %w", err)
	}
	d.Keep(keptState, state)
	for i, f := range e.files {
		d.Keep(keptName(i), f.file)
	}
	return state, nil
}

// inherit returns what the process before has kept, and whether there is any.
func inherit(d host) (e environment, is bool, err error) {
	state := d.Inherited(keptState)
	if state == nil {
		return e, false, nil
	}
	defer state.Close()
	b := make([]byte, maxState)
	n, _ := state.ReadAt(b, 0) // from the start: all processes share one position
	e, names, err := parseState(string(b[:n]))
	if err != nil {
		return e, true, fmt.Errorf("taking over from the process before: %w", err)
	}
	for i, name := range names {
		f := d.Inherited(keptName(i))
		if f == nil {
			e.close()
			return e, true, fmt.Errorf("taking over from the process before: descriptor %d (%s) is missing", i, name)
		}
		e.files = append(e.files, namedFile{name, f})
	}
	return e, true, nil
}

// close closes the descriptors.
func (e *environment) close() {
	for _, f := range e.files {
		_ = f.file.Close()
	}
	e.files = nil
}

// duplicate returns another descriptor of f, without changing its blocking
// mode.
func duplicate(f *os.File) (*os.File, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	if cerr := raw.Control(func(old uintptr) { fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) }); cerr != nil {
		return nil, cerr
	}
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

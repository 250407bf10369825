package systemd

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// environment is what systemd's environment variables say.
type environment struct {
	socket   string        // where messages go; "": nowhere
	watchdog time.Duration // within which a ping must come; 0: no pings
	files    []namedFile   // in systemd's order
}

// namedFile is an inherited descriptor.
type namedFile struct {
	name string
	file *os.File
}

// Limits of values that are accepted.
const (
	maxFiles = 1024 // that may be passed
	maxName  = 255  // bytes of the name of one
	// firstFile is the first descriptor that systemd passes, SD_LISTEN_FDS_START.
	firstFile = 3
)

// variables are the ones that are removed.
var variables = []string{
	"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_PIDFDID",
}

// takeEnvironment reads the variables and unsets them. From then on no child
// inherits the descriptors. Variables meant for another process, by its pid,
// are ignored.
func takeEnvironment() (environment, error) {
	given := map[string]string{}
	for _, name := range variables {
		given[name] = os.Getenv(name)
		os.Unsetenv(name)
	}
	e := environment{socket: given["NOTIFY_SOCKET"]}
	me := strconv.Itoa(os.Getpid())
	var errs []error
	if s := e.socket; s != "" && !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "@") || s == "@" {
		errs = append(errs, fmt.Errorf("$NOTIFY_SOCKET is %q: neither an absolute path nor an abstract socket (@)", s))
	}
	if pid := given["WATCHDOG_PID"]; pid == "" || pid == me {
		var err error
		if e.watchdog, err = parseInterval(given["WATCHDOG_USEC"]); err != nil {
			errs = append(errs, fmt.Errorf("$WATCHDOG_USEC: %w", err))
		}
	}
	if given["LISTEN_PID"] == me {
		var err error
		if e.files, err = inheritFiles(given["LISTEN_FDS"], given["LISTEN_FDNAMES"]); err != nil {
			errs = append(errs, err)
		}
	}
	return e, errors.Join(errs...)
}

// parseInterval reads a number of microseconds; "" is 0.
func parseInterval(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	usec, err := strconv.ParseUint(s, 10, 64)
	if err != nil || usec == 0 || usec > math.MaxInt64/1000 {
		return 0, fmt.Errorf("%.40q is not a number of microseconds", s)
	}
	return time.Duration(usec) * time.Microsecond, nil
}

// inheritFiles takes the descriptors from 3 on.
func inheritFiles(count, names string) ([]namedFile, error) {
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > maxFiles {
		return nil, fmt.Errorf("$LISTEN_FDS is %.40q: not a number up to %d", count, maxFiles)
	}
	var named []string
	if names != "" {
		if named = strings.Split(names, ":"); len(named) != n {
			return nil, fmt.Errorf("$LISTEN_FDNAMES has %d names for %d descriptors", len(named), n)
		}
		for _, name := range named {
			if err := checkFileName(name); err != nil {
				return nil, fmt.Errorf("$LISTEN_FDNAMES: %.40q: %w", name, err)
			}
		}
	}
	// All are checked first: if one is wrong, none is taken.
	for fd := firstFile; fd < firstFile+n; fd++ {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
			return nil, fmt.Errorf("$LISTEN_FDS is %d, but descriptor %d: %w", n, fd, err)
		}
	}
	files := make([]namedFile, n)
	for i := range files {
		name := "unknown" // as sd_listen_fds_with_names(3) has it
		if named != nil {
			name = named[i]
		}
		unix.CloseOnExec(firstFile + i)
		files[i] = namedFile{name, os.NewFile(uintptr(firstFile+i), "systemd:"+name)}
	}
	return files, nil
}

package legion

import (
	"cmp"
	"log/slog"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/legion-go/legion/internal/text"
)

// Config is the configuration of a daemon. Only Name is required. Durations
// below 1 ms (MinPause: 1 µs) are refused, because a number without a unit
// counts nanoseconds.
type Config struct {
	// Name identifies the daemon in logs, in ps, and in the names of its files.
	// Required. All names, including those of functions and pools, have 1 to 64
	// letters, digits, '.', '_' and '-', do not begin with '-', and are neither "."
	// nor "..".
	Name string

	// Version is the program's version, as status and upgrades report it. Default:
	// the version of the main module, or else the revision, both as recorded by the
	// build.
	Version string

	// Description is one line of at most 256 bytes that says what the daemon does:
	// "makes thumbnails". The help of its command line and its systemd unit show
	// it. Default: none.
	Description string

	// StopTimeout bounds the time of a stop: running calls may finish, are
	// cancelled when little of it is left, and killed at the end. Default 10 s.
	StopTimeout time.Duration

	// RuntimeDir is the folder for sockets, locks and pid files; below WorkDir if
	// it is relative. Default: see Daemon.RuntimeDir.
	RuntimeDir string
	// WorkDir becomes the working directory. Default: unchanged.
	WorkDir string
	// Umask becomes the umask, if it is not 0. Default: unchanged.
	Umask int
	// Nice is added to the niceness of the daemon and its workers, -20 to 19; less
	// than 0 needs privileges. Default 0.
	Nice int
	// User and Group, by name or number, are the user and group to which the daemon
	// switches after it has opened plugins and listeners, and before Init and the
	// workers. It must start as root for that. Default: unchanged.
	User, Group string
	// Background makes Start and Run go into the background: a new process without
	// a terminal, and without the terminal's environment variables, becomes the
	// daemon. The first process ends with code 0 when the daemon is ready, or with
	// the daemon's error and exit code.
	Background bool
	// HardStart tells plugins to clean up after a dead daemon, not a running one.
	HardStart bool
	// Command is the command that an upgrade and a start into the background
	// execute: the program, then its arguments. Default: the path by which this
	// process was started, symbolic links not resolved, and its arguments.
	Command []string
	// PID says whether the process id may change in an upgrade. Default PIDAuto.
	PID PIDPolicy
	// RestartEvery is the interval between automatic upgrades to a new process; a
	// handler of AutoRestart may veto one. Default 0: never.
	RestartEvery time.Duration
	// MinUptime, if not 0, makes the daemon restart, by an upgrade, after a panic
	// in a function of the loop, once it has been up for at least this long.
	// Default 0: it continues.
	MinUptime time.Duration

	// MinPause is the time between two calls of a function given to Every with
	// interval 0, in which other functions run. Default 1 ms.
	MinPause time.Duration

	// Control lists the addresses at which operators and other programs reach the
	// daemon, separated by spaces. Default: "unix:", the socket control.sock in the
	// runtime folder; with InProcess, none. If the default cannot be opened, for
	// instance because a daemon of the same name runs without a lock, the daemon
	// logs that and continues without it. If a given address cannot be opened, the
	// start fails. "none" means no address.
	//
	//	unix:///run/thumbs/control.sock?mode=0660&group=ops
	//	tcp://0.0.0.0:7070                     needs ControlTLS, or a token in Access
	//	tcp://127.0.0.1:7070?anyone=read       every user of this machine may look
	//
	// Without ControlTLS a token is sent in clear text: beyond loopback that needs
	// ?plain=yes.
	Control string
	// Access gives roles to clients. Its keys are "user:NAME", "uid:NUMBER",
	// "group:NAME" and "gid:NUMBER" for Unix sockets, "cert:NAME" for the common
	// name or a DNS name of a client's certificate, and "token:VALUE" or
	// "token-file:PATH", which is read at the start, and at an upgrade by the
	// daemon's user; only its owner, and its group if the owner is root, may have
	// permission to read it. Root and the daemon's own user are RoleAdmin on Unix
	// sockets. The highest matching role counts. The daemon's own workers and their
	// children have only the role of the key "workers" there; docs/control.md says
	// how they are recognized.
	Access map[string]Role
	// ControlConnections limits the clients connected to the control socket, at
	// most 65,536; one user or address may have an eighth of them, but at least
	// eight. At the limit, an idle connection is closed for a new one. Default 512.
	ControlConnections int
	// ControlTimeout limits how long a client of the control socket may take to
	// send its first byte, to complete a request, and to read the next 64 KiB of an
	// answer; an HTTP connection may be idle six times as long. The duration of
	// methods and streams is not limited. Default 10 s.
	ControlTimeout time.Duration
	// ControlTLS encrypts connections to tcp addresses of Control; package
	// controltls implements it. Default: no encryption.
	ControlTLS ControlTLS

	// Signals changes what Run does with signals; see [event.Signal] for the
	// default. New refuses signals that no Go program can handle: SIGKILL and
	// SIGSTOP, the signals by which the system reports a fault of the program
	// (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS), SIGPROF and SIGURG, which
	// the Go runtime uses itself, and SignalIgnore for SIGCHLD, with which exit
	// codes would be lost.
	Signals map[syscall.Signal]SignalAction

	// LogFile is the path of the file for the daemon's log and the workers' log and
	// output. It may also be /dev/stdout or /dev/stderr, another device, or a named
	// pipe, which buffers what it can hold until it is read. A symbolic link and a
	// file with several hard links are refused. Start opens it, in the daemon
	// alone, after the switch to User and Group. It may be renamed, truncated or
	// deleted at any time. Default: standard error.
	LogFile string
	// LogConsole sends the log to standard error too, as text, besides LogFile or
	// the journal; not with Background. Records that standard error does not take
	// are missing only there, and LogStats does not count them. On a terminal the
	// levels are in colour, with and without LogConsole, unless the environment has
	// NO_COLOR or TERM=dumb.
	LogConsole bool
	// LogRotation makes the daemon rotate LogFile itself. Default: no rotation.
	LogRotation LogRotation
	// LogFormat is "text", "json" or "journal": systemd's journal, with each
	// attribute as a field. Default "text".
	LogFormat string
	// LogLevel is the lowest level that is logged; Daemon.SetLogLevel changes it.
	// Default slog.LevelInfo.
	LogLevel slog.Level
	// Logger, if not nil, gets the log instead, and is used unchanged: it must not
	// block. LogLevel applies if it is not 0, besides Logger's own level. The other
	// fields of the log must be empty.
	Logger *slog.Logger
}

// maxVersion bounds Config.Version and Config.Description, in bytes.
const maxVersion = 256

const maxControlConnections = 1 << 16

const defaultStopTimeout = 10 * time.Second

// Validate returns the mistakes for which New would panic: each is a
// *FieldError, and errors.Join joins several.
func (c Config) Validate() error {
	k := checks{of: "Config"}
	if err := text.CheckName(c.Name); err != nil {
		k.that(false, "Name", "%q: %v", c.Name, err)
	}
	k.duration("StopTimeout", c.StopTimeout, leastPatience)
	k.duration("RestartEvery", c.RestartEvery, leastPatience)
	k.duration("MinUptime", c.MinUptime, leastPatience)
	k.duration("ControlTimeout", c.ControlTimeout, leastPatience)
	k.that(c.ControlConnections >= 0 && c.ControlConnections <= maxControlConnections, "ControlConnections",
		"is %d: it must be 1 to %d, or 0 for the default", c.ControlConnections, maxControlConnections)
	k.duration("MinPause", c.MinPause, leastInterval)
	k.that(c.PID >= PIDAuto && c.PID <= PIDMayChange, "PID", "is %d; it must be PIDAuto, PIDStays or PIDMayChange", c.PID)
	k.that(!strings.ContainsFunc(c.Version, unicode.IsControl) && len(c.Version) <= maxVersion,
		"Version", "is %.80q; it must be one line of at most %d bytes", c.Version, maxVersion)
	k.that(!strings.ContainsFunc(c.Description, unicode.IsControl) && len(c.Description) <= maxVersion,
		"Description", "is %.80q; it must be one line of at most %d bytes", c.Description, maxVersion)
	k.that(c.Nice >= -20 && c.Nice <= 19, "Nice", "is %d; it must be -20 to 19", c.Nice)
	k.that(c.Umask >= 0 && c.Umask <= 0o777, "Umask", "is %#o; it must be 0 to 0777", c.Umask)
	c.checkSignals(&k)
	c.checkLog(&k)
	return k.err()
}

// resolve fills in the defaults and validates.
func (c *Config) resolve() error {
	c.StopTimeout = cmp.Or(c.StopTimeout, defaultStopTimeout)
	return c.Validate()
}

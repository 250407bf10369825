package legion

import (
	"cmp"
	"log/slog"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// Config says what a daemon is. Its zero value, but for Name, is usable. Durations
// below 1 ms (MinPause: 1 µs) are refused, because a number without a unit counts
// nanoseconds.
type Config struct {
	// Name tells the daemon apart from others: in logs, in ps, in the names of
	// its files. Required. All names, of functions and pools too, have 1 to 64
	// letters, digits, '.', '_' and '-', do not begin with '-', and are neither "."
	// nor "..".
	Name string

	// Version is that of the program, as status and upgrades tell it. Default: that
	// of its module, or else the revision, as the build has written them.
	Version string

	// Description says in one line of at most 256 bytes what the daemon does: "makes
	// thumbnails". Its command line's help shows it, and its unit for systemd.
	// Default: none.
	Description string

	// StopTimeout bounds how long stopping takes: calls that run are finished
	// first, cancelled when little of it is left, and killed in the end. Default
	// 10 s.
	StopTimeout time.Duration

	// RuntimeDir is the folder for sockets, locks and pid files; below WorkDir if it
	// is relative. Default: see Daemon.RuntimeDir.
	RuntimeDir string
	// WorkDir becomes the working directory. Default: it stays.
	WorkDir string
	// Umask becomes the umask, if it is not 0. Default: it stays.
	Umask int
	// Nice is added to the niceness of the daemon and its workers, -20 to 19; less
	// than 0 needs privileges. Default 0.
	Nice int
	// User and Group are whom the daemon becomes, by name or number, once plugins
	// and listeners have been opened, and before Init and the workers. It must be
	// started as root for that. Default: nobody else.
	User, Group string
	// Background has Start and Run go into the background: a new process without a
	// terminal, and without what the environment says of it, becomes the daemon, and the one that was started ends when that is
	// ready, with code 0, or with its reason and code.
	Background bool
	// HardStart tells plugins to clean up what a dead daemon may have left; a
	// living one is not touched.
	HardStart bool
	// Command is what an upgrade, and a start into the background, execute: the
	// program and all of its arguments, its name first. Default: the path by which
	// this process was started, with its links, and its arguments.
	Command []string
	// PID says whether the process id may change in an upgrade. Default PIDAuto.
	PID PIDPolicy
	// RestartEvery has the daemon upgrade to a new process so often; an AutoRestart
	// event may veto. Default 0: never.
	RestartEvery time.Duration
	// MinUptime, if not 0, has the daemon restart, by an upgrade, after a panic in a
	// function of the loop, if it has been up for so long. Default 0: it goes on.
	MinUptime time.Duration

	// MinPause is the time between two calls of a function given to Every with
	// interval 0, in which others have their turn. Default 1 ms.
	MinPause time.Duration

	// Control is where operators and other programs reach the daemon: addresses,
	// separated by spaces. Default: "unix:", the socket control.sock in the runtime
	// folder; with InProcess, none. If the default cannot be opened, because a daemon
	// of the same name runs without a lock for instance, the log says so and the
	// daemon goes on without it; of an address that is given it is the error of the
	// start. "none" is no address at all.
	//
	//	unix:///run/thumbs/control.sock?mode=0660&group=ops
	//	tcp://0.0.0.0:7070                     needs ControlTLS, or a token in Access
	//	tcp://127.0.0.1:7070?anyone=read       whoever is on this machine may look
	//
	// A token travels readably where there is no ControlTLS: beyond loopback that
	// needs ?plain=yes.
	Control string
	// Access gives roles to those who connect: keys are "user:NAME", "uid:NUMBER",
	// "group:NAME" and "gid:NUMBER" for Unix sockets, "cert:NAME" for the common name
	// or a DNS name of a client's certificate, and "token:VALUE" or
	// "token-file:PATH", which is read at the start, and at an upgrade by the
	// daemon's user; only its owner, and if that is root its group, may read it. Root
	// and the daemon's own user are RoleAdmin on Unix sockets. The highest role that
	// fits counts. The daemon's own workers, and what they start, have no role there
	// but the one of the key "workers"; docs/control.md says how they are told.
	Access map[string]Role
	// ControlConnections is how many clients may be connected to the control socket,
	// at most 65,536; one user or address may have an eighth of them, but eight at
	// least. When they are all taken, a connection that is idle is closed for a new
	// one. Default 512.
	ControlConnections int
	// ControlTimeout is how long a client of the control socket may take to say
	// something after it has connected, to send a request completely, and to read the
	// next 64 KiB of an answer; a connection of HTTP may be idle six times as long.
	// Methods and streams may last as they like. Default 10 s.
	ControlTimeout time.Duration
	// ControlTLS makes connections to tcp addresses of Control safe; package controltls
	// has one. Default: they are not.
	ControlTLS ControlTLS

	// Signals changes what Run does with signals; see [event.Signal] for the default. New
	// refuses those that no Go program can take: SIGKILL and SIGSTOP, those by which
	// the system reports a fault of the program (SIGSEGV, SIGBUS, SIGFPE, SIGILL,
	// SIGTRAP, SIGSYS), SIGPROF and SIGURG, which the Go runtime uses itself, and
	// SignalIgnore for SIGCHLD, with which exit codes would be lost.
	Signals map[syscall.Signal]SignalAction

	// LogFile is the path of the file that gets the daemon's log and what workers
	// print and log. It may also be /dev/stdout or /dev/stderr, another device, or a
	// named pipe, which keeps what it can hold until it is read. A symbolic link, and a
	// file with a second name, are refused. It is opened by Start, in the daemon alone, after User and
	// Group have been taken on, and may be renamed, truncated or deleted at any
	// time. Default: standard error.
	LogFile string
	// LogConsole has the log go to standard error too, as text, besides LogFile or the
	// journal; not with Background. What standard error does not take is left out
	// there alone, and LogStats does not count it. On a terminal the levels are in
	// colour, with and without LogConsole, unless the environment has NO_COLOR or
	// TERM=dumb.
	LogConsole bool
	// LogRotation has the daemon rotate LogFile itself. Default: it does not.
	LogRotation LogRotation
	// LogFormat is "text", "json" or "journal": systemd's journal, to which each
	// attribute goes as a field. Default "text".
	LogFormat string
	// LogLevel is the level below which records are left out; Daemon.SetLogLevel
	// changes it. Default slog.LevelInfo.
	LogLevel slog.Level
	// Logger, if not nil, gets the log instead, and is used as it is: it must not
	// block. LogLevel counts if it is not 0, besides what Logger leaves out. The
	// other fields of the log must be empty.
	Logger *slog.Logger
}

// maxVersion bounds Config.Version and Config.Description, in bytes.
const maxVersion = 256

const maxControlConnections = 1 << 16

const defaultStopTimeout = 10 * time.Second

// Validate says what New would refuse: each mistake is a *FieldError, and
// errors.Join makes one of several.
func (c Config) Validate() error {
	k := checks{of: "Config"}
	if err := checkName(c.Name); err != nil {
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

// resolve fills in the defaults, and says what is wrong.
func (c *Config) resolve() error {
	c.StopTimeout = cmp.Or(c.StopTimeout, defaultStopTimeout)
	return c.Validate()
}

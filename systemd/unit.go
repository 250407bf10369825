package systemd

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// UnitOptions are the options of [Unit]. Name and Exec are required.
type UnitOptions struct {
	Name        string // of the daemon, as Config.Name
	Description string // default: Name
	// Exec is the command line: the absolute path of the program and its arguments.
	// No character in them is special.
	Exec []string

	// Check is a command line that systemd runs before each start, and with Old
	// before each reload: if it fails, so does the start or reload. The verb config
	// check of package cli is made for it. Default: none.
	Check []string

	User, Group string   // default: root. Better than Config.User: the process is never root
	WorkDir     string   // absolute; default "/"
	Environment []string // "NAME=value"

	// StopTimeout is Config.StopTimeout; systemd waits a little longer. Default 10
	// s.
	StopTimeout time.Duration
	// Watchdog is how long the daemon may hang before it is killed and started
	// again. Default 30 s; negative: none.
	Watchdog time.Duration
	// StartTimeout is how long the start may take. Default 90 s.
	StartTimeout time.Duration

	// ReadWrite are absolute paths that the daemon may write to, beside its runtime
	// folder, and the folders that State and Logs make.
	ReadWrite   []string
	State, Logs bool // make /var/lib/NAME, /var/log/NAME
	// AddressFamilies are those of the sockets that the daemon may open. Default
	// AF_UNIX, AF_INET, AF_INET6.
	AddressFamilies []string
	// StoreMax is how many descriptors systemd keeps for [Service.Store]. Default
	// 0.
	StoreMax int

	// Old writes for systemd before 253 (2023), which has no Type=notify-reload.
	Old bool
}

// The defaults, and how much longer systemd waits than the daemon.
const (
	defaultStop     = 10 * time.Second
	defaultWatchdog = 30 * time.Second
	defaultStart    = 90 * time.Second
	stopMargin      = 5 * time.Second
)

// Unit returns a unit file for a daemon that uses this package, with the
// hardening that suits most; comments in it say where a line can hurt. Write it
// to /etc/systemd/system/NAME.service. It fails if the options cannot be
// written in a form that systemd reads correctly.
func Unit(o UnitOptions) (string, error) {
	if err := o.check(); err != nil {
		return "", fmt.Errorf("writing a unit file for %q: %w", o.Name, err)
	}
	w := &unitWriter{}
	w.section("Unit")
	w.set("Description", specifiers(cmp.Or(o.Description, o.Name)))
	w.set("After", "network.target")
	w.comment("After five failures within a minute systemd gives up: correct it, then systemctl reset-failed and start.")
	w.set("StartLimitIntervalSec", "60s")
	w.set("StartLimitBurst", "5")
	o.service(w)
	o.hardening(w)
	w.section("Install")
	w.set("WantedBy", "multi-user.target")
	return w.String(), nil
}

func (o UnitOptions) service(w *unitWriter) {
	w.section("Service")
	if o.Old {
		w.set("Type", "notify")
	} else {
		w.comment("Older than systemd 253: Type=notify, and ExecReload=/bin/kill -HUP $MAINPID.")
		w.set("Type", "notify-reload")
	}
	w.set("NotifyAccess", "main")
	if len(o.Check) > 0 {
		w.comment("A start with a bad configuration fails here, and says why. Check it yourself before systemctl restart,")
		w.comment("which has stopped the daemon by then.")
		w.set("ExecStartPre", command(o.Check))
	}
	w.set("ExecStart", command(o.Exec))
	if o.Old {
		if len(o.Check) > 0 {
			w.set("ExecReload", command(o.Check))
		}
		w.set("ExecReload", "/bin/kill -HUP $MAINPID")
	} else {
		w.comment("No ExecReload= is needed: the daemon checks the new configuration, and keeps the old one if it is wrong.")
	}
	w.set("WorkingDirectory", specifiers(cmp.Or(o.WorkDir, "/")))
	if o.User != "" {
		w.set("User", o.User)
	}
	if o.Group != "" {
		w.set("Group", o.Group)
	}
	for _, e := range o.Environment {
		w.set("Environment", quote(e, false))
	}
	w.set("UMask", "0027")
	w.set("RuntimeDirectory", o.Name)
	w.set("RuntimeDirectoryMode", "0700")
	if o.State {
		w.set("StateDirectory", o.Name)
	}
	if o.Logs {
		w.set("LogsDirectory", o.Name)
	}

	w.gap()
	w.set("Restart", "on-failure")
	w.set("RestartSec", "1s")
	w.comment("Badly configured: another start would fail in the same way.")
	w.set("RestartPreventExitStatus", "6")
	w.set("TimeoutStartSec", seconds(cmp.Or(o.StartTimeout, defaultStart)))
	w.comment("Longer than Config.StopTimeout: the daemon bounds its stop itself.")
	w.set("TimeoutStopSec", seconds(cmp.Or(o.StopTimeout, defaultStop)+stopMargin))
	if watchdog := cmp.Or(o.Watchdog, defaultWatchdog); watchdog > 0 {
		w.comment("Fed only while the loop and the pools respond: longer than the longest function of the loop.")
		w.set("WatchdogSec", seconds(watchdog))
	}
	w.comment("SIGTERM only to the daemon, which stops its workers; SIGKILL in the end to all processes that are left.")
	w.set("KillMode", "mixed")
	w.comment("A worker that runs out of memory is replaced; without this line the whole service would end.")
	w.set("OOMPolicy", "continue")
	w.comment("Descriptors: some for each worker, connection and listener.")
	w.set("LimitNOFILE", "65536")
	if o.StoreMax > 0 {
		w.set("FileDescriptorStoreMax", fmt.Sprint(o.StoreMax))
	}
}

func (o UnitOptions) hardening(w *unitWriter) {
	w.gap()
	w.comment("Workers with a limit of memory, CPU or threads get a cgroup each, below the service's own. With")
	w.comment("ProtectControlGroups=yes they could not.")
	w.set("Delegate", "cpu memory pids")
	w.set("ProtectControlGroups", "no")

	w.gap()
	w.comment("Hardening. You may remove any line; the comment above it says who must.")
	w.comment("Programs that gain privileges when executed: sudo, ping.")
	w.set("NoNewPrivileges", "yes")
	w.set("RestrictSUIDSGID", "yes")
	w.comment("Writing anywhere but to the folders above: add ReadWritePaths=. An upgrade needs none: whatever replaces")
	w.comment("the program is not the daemon.")
	w.set("ProtectSystem", "strict")
	if len(o.ReadWrite) > 0 {
		quoted := make([]string, len(o.ReadWrite))
		for i, path := range o.ReadWrite {
			quoted[i] = quote(path, false)
		}
		w.set("ReadWritePaths", strings.Join(quoted, " "))
	}
	w.comment("Programs or data in /home, /root and /run/user.")
	w.set("ProtectHome", "yes")
	w.comment("Files in /tmp that are shared with others, sockets there for instance.")
	w.set("PrivateTmp", "yes")
	w.comment("Seeing processes of other users in /proc. Its own workers are the daemon's user's.")
	w.set("ProtectProc", "invisible")
	if o.User != "" {
		w.comment("System V and POSIX shared memory that must outlive the service, or other services of this user.")
		w.set("RemoveIPC", "yes")
	}
	w.comment("Graphics cards, sound, disks as devices.")
	w.set("PrivateDevices", "yes")
	w.comment("Other kinds of sockets: AF_NETLINK to list network interfaces, AF_VSOCK, AF_PACKET.")
	families := o.AddressFamilies
	if len(families) == 0 {
		families = []string{"AF_UNIX", "AF_INET", "AF_INET6"}
	}
	w.set("RestrictAddressFamilies", strings.Join(families, " "))
	w.comment("Containers and sandboxes that the daemon makes itself, a browser's for instance.")
	w.set("RestrictNamespaces", "yes")
	w.comment("Changing settings below /proc/sys and /sys.")
	w.set("ProtectKernelTunables", "yes")
	w.set("ProtectKernelModules", "yes")
	w.set("ProtectKernelLogs", "yes")
	w.comment("Setting the clock or the host's name.")
	w.set("ProtectClock", "yes")
	w.set("ProtectHostname", "yes")
	w.comment("Real-time priorities. Config.Nice below 0 also needs LimitNICE=.")
	w.set("RestrictRealtime", "yes")
	w.set("LockPersonality", "yes")
	w.comment("Debuggers, and system calls of other architectures: 32-bit programs. The calls that are named are")
	w.comment("those with which a worker confines itself (Pool.Sandbox); older systems ignore names they do not know.")
	w.set("SystemCallArchitectures", "native")
	w.set("SystemCallFilter", "@system-service seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self")
	w.set("SystemCallErrorNumber", "EPERM")
	if o.User != "" {
		w.comment("Ports below 1024: CAP_NET_BIND_SERVICE here and in AmbientCapabilities=, or a socket unit.")
		w.set("CapabilityBoundingSet", "")
	} else {
		w.comment("With User= the daemon needs no capabilities: add CapabilityBoundingSet= then.")
	}
	w.comment("Not set, because it ends programs that make code at run time (Java, JavaScript, LuaJIT, some cgo")
	w.comment("libraries); a daemon in plain Go may have it: MemoryDenyWriteExecute=yes")
}

func (o UnitOptions) check() error {
	switch {
	case !plain(o.Name):
		return errors.New("the option Name must be letters, digits, '.', '_' and '-', and not begin with '.' or '-'")
	case len(o.Exec) == 0:
		return errors.New("the option Exec is empty: give the program and its arguments")
	case o.StopTimeout < 0 || o.StartTimeout < 0 || o.StoreMax < 0:
		return errors.New("the options StopTimeout, StartTimeout and StoreMax cannot be negative")
	case o.User != "" && !account(o.User):
		return fmt.Errorf("the option User %q is not a name or number of a user", o.User)
	case o.Group != "" && !account(o.Group):
		return fmt.Errorf("the option Group %q is not a name or number of a group", o.Group)
	}
	if err := checkLine(o.Description); err != nil {
		return fmt.Errorf("the option Description: %w", err)
	}
	if err := checkCommand(o.Exec); err != nil {
		return fmt.Errorf("the option Exec: %w", err)
	}
	if len(o.Check) > 0 {
		if err := checkCommand(o.Check); err != nil {
			return fmt.Errorf("the option Check: %w", err)
		}
	}
	if o.WorkDir != "" {
		if err := checkPath(o.WorkDir); err != nil {
			return fmt.Errorf("the option WorkDir: %w", err)
		}
	}
	for _, path := range o.ReadWrite {
		if err := checkPath(path); err != nil {
			return fmt.Errorf("the option ReadWrite: %w", err)
		}
	}
	for _, e := range o.Environment {
		if err := checkAssignment(e); err != nil {
			return fmt.Errorf("the option Environment: %w", err)
		}
	}
	for _, family := range o.AddressFamilies {
		if rest, ok := strings.CutPrefix(family, "AF_"); !ok || !plain(rest) {
			return fmt.Errorf("the option AddressFamilies: %q is not an address family: use AF_INET, for instance", family)
		}
	}
	return nil
}

// checkCommand refuses a command line that cannot be written.
func checkCommand(args []string) error {
	if err := checkProgram(args[0]); err != nil {
		return err
	}
	for _, arg := range args[1:] {
		if err := checkText(arg); err != nil {
			return fmt.Errorf("argument %q: %w", arg, err)
		}
	}
	return nil
}

// seconds writes a time span, rounded up to milliseconds.
func seconds(d time.Duration) string {
	if d%time.Second == 0 {
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return fmt.Sprintf("%dms", (d+time.Millisecond-1)/time.Millisecond)
}

// unitWriter writes the lines of a unit file.
type unitWriter struct{ strings.Builder }

func (w *unitWriter) section(name string) {
	if w.Len() > 0 {
		w.gap()
	}
	w.WriteString("[" + name + "]\n")
}

func (w *unitWriter) set(key, value string) { w.WriteString(key + "=" + value + "\n") }
func (w *unitWriter) comment(text string)   { w.WriteString("# " + text + "\n") }
func (w *unitWriter) gap()                  { w.WriteByte('\n') }

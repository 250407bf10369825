package legion

import (
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/status"
)

// processStats fills in what is of the daemon's own process and its machine, but
// for the memory that it has now.
func (d *Daemon) processStats(s *status.Stats) {
	s.UID, s.GID, s.Parent = os.Geteuid(), os.Getegid(), os.Getppid()
	s.User, s.Group = userName(), groupName()
	s.LogFile = d.logPath()
	s.Host, _ = os.Hostname()
	s.Load = machineLoad()
	d.mu.Lock()
	started, initial := d.startedAt, d.memoryAtStart
	d.mu.Unlock()
	if !started.IsZero() {
		s.Uptime = time.Since(started)
	}
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) == nil {
		s.CPU = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	s.Memory.Initial = initial
}

// namedUser is a user, or a group, whose name was looked up.
type namedUser struct {
	id   int
	name string
}

// lastUser is whom userName looked up last.
var lastUser atomic.Pointer[namedUser]

// userName is the name of the user whom this process runs as, or the number of
// one without a name. The list of users, which may be long, is read again only
// after the process has become another user.
func userName() string {
	if u := lastUser.Load(); u != nil && u.id == os.Geteuid() {
		return u.name
	}
	id := host.Current()
	u := &namedUser{id.UID, id.Name}
	if u.name == "" {
		u.name = strconv.Itoa(id.UID)
	}
	lastUser.Store(u)
	return u.name
}

// lastGroup is the group that groupName looked up last.
var lastGroup atomic.Pointer[namedUser]

// groupName is userName for the group.
func groupName() string {
	gid := os.Getegid()
	if g := lastGroup.Load(); g != nil && g.id == gid {
		return g.name
	}
	g := &namedUser{gid, host.GroupName(gid)}
	if g.name == "" {
		g.name = strconv.Itoa(gid)
	}
	lastGroup.Store(g)
	return g.name
}

// logPath is Config.LogFile, from the root.
func (d *Daemon) logPath() string {
	d.mu.Lock()
	path := d.config.LogFile
	d.mu.Unlock()
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

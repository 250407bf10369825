package legion

import (
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/host"
)

// processStats fills in what is of the daemon's own process and its machine, but
// for the memory that it has now.
func (d *Daemon) processStats(s *Stats) {
	s.User = userName()
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

// namedUser is a user whose name was looked up.
type namedUser struct {
	uid  int
	name string
}

// lastUser is whom userName looked up last.
var lastUser atomic.Pointer[namedUser]

// userName is the name of the user whom this process runs as, or the number of
// one without a name. The list of users, which may be long, is read again only
// after the process has become another user.
func userName() string {
	if u := lastUser.Load(); u != nil && u.uid == os.Geteuid() {
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

package methods

import (
	"os"
	"time"

	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/status"
)

// Surroundings fills in the values of the daemon's own process and machine,
// except for its current memory. started is when Start returned; memory is what
// was resident then.
func Surroundings(s *status.Stats, started time.Time, memory uint64) {
	s.UID, s.GID, s.Parent = os.Geteuid(), os.Getegid(), os.Getppid()
	s.User, s.Group = host.UserName(), host.GroupName()
	s.Host, _ = os.Hostname()
	s.Load = host.Load()
	if !started.IsZero() {
		s.Uptime = time.Since(started)
	}
	s.CPU = host.CPU()
	s.Memory.Initial = memory
}

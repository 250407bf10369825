package legion

import (
	"os"
	"time"

	"github.com/legion-go/legion/internal/concurrent"
	"github.com/legion-go/legion/internal/proc"
)

// escapeInterval is how often the daemon looks for processes left by dead
// workers.
const escapeInterval = 2 * time.Second

// adoptOrphans makes the daemon adopt and end the processes that its workers
// leave behind: those in a session or a process group of their own. First it
// ends processes left by an earlier daemon of its name that was killed. As
// process 1 of its pid namespace, in a container, the daemon is the parent of
// every orphan there, even if its workers are goroutines.
func (d *Daemon) adoptOrphans() {
	if d.declared.inProcess {
		if os.Getpid() == 1 {
			proc.ReapOrphans()
		}
		return
	}
	if err := proc.Adopt(); err != nil {
		d.log.Debug("processes left by dead workers cannot be adopted", "err", err)
	}
	if n := proc.EndLeftovers(d.config.Name); n > 0 {
		d.log.Warn("ended processes left by an earlier daemon of this name", "processes", n)
	}
	d.owned.Go("the search for orphans", func() { concurrent.Every(d.life.Closing(), escapeInterval, d.endEscaped) })
}

// endEscaped ends processes left by dead workers.
func (d *Daemon) endEscaped() {
	if d.declared.inProcess {
		return
	}
	if n := proc.EndEscaped(); n > 0 {
		d.log.Warn("ended processes left by dead workers", "processes", n)
	}
}

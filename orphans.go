package legion

import (
	"os"
	"time"

	"github.com/legion-go/legion/internal/proc"
)

// escapeInterval is how often the daemon looks for what dead workers have left.
const escapeInterval = 2 * time.Second

// adoptOrphans has the daemon adopt what its workers leave behind when they
// end, and end it: processes that have put themselves into a session or a group
// of their own. First it ends what an earlier daemon of its name has left that
// was killed. As process 1 of its pid namespace, in a container, it is the
// parent of every orphan there, with workers in processes of their own or not.
func (d *Daemon) adoptOrphans() {
	if d.declared.inProcess {
		if os.Getpid() == 1 {
			proc.ReapOrphans()
		}
		return
	}
	if err := proc.Adopt(); err != nil {
		d.log.Debug("what dead workers leave behind cannot be adopted", "err", err)
	}
	if n := proc.EndLeftovers(d.config.Name); n > 0 {
		d.log.Warn("processes that an earlier daemon of this name had left were ended", "processes", n)
	}
	d.owned.Go("the search for orphans", func() {
		ticker := time.NewTicker(escapeInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				d.endEscaped()
			case <-d.life.Closing().Done():
				return
			}
		}
	})
}

// endEscaped ends what dead workers have left.
func (d *Daemon) endEscaped() {
	if d.declared.inProcess {
		return
	}
	if n := proc.EndEscaped(); n > 0 {
		d.log.Warn("processes that dead workers had left were ended", "processes", n)
	}
}

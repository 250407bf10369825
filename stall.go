package legion

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/legion-go/legion/internal/where"
)

// watchLoop logs when one function holds the loop until the daemon counts as
// unhealthy, and where it is. No callback and no handler runs meanwhile:
// without a log record, the program would seem to do nothing.
func (d *Daemon) watchLoop() {
	most := d.loopPatience()
	d.owned.Go("the watch over the loop", func() {
		look := time.NewTicker(max(most/2, time.Millisecond))
		defer look.Stop()
		var told time.Duration // for how long it was held when that was logged; 0: not logged
		for {
			select {
			case <-look.C:
			case <-d.life.Closing().Done():
				return
			}
			s := d.loop.Stats()
			if told != 0 && s.Running < told {
				d.log.Info("the loop continues")
				told = 0
			}
			if told == 0 && s.Running > most {
				told = s.Running
				d.log.Warn("a function holds the loop, and nothing else runs there: do slow work in a pool or a goroutine; a function that waits there for a Then or a handler waits for itself",
					"for", s.Running.Round(time.Millisecond), "where", d.onLoopNow(), "waiting", s.Pending)
			}
		}
	})
}

// onLoopNow returns the current place of the program's function on the loop; ""
// if unknown.
func (d *Daemon) onLoopNow() string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	_, stack, _ := strings.Cut("\n\n"+string(stacks), fmt.Sprintf("\n\ngoroutine %d ", d.loop.Goroutine()))
	stack, _, _ = strings.Cut(stack, "\n\n")
	const own = "github.com/legion-go/legion"
	_, frames, _ := strings.Cut(stack, "\n")
	for strings.HasPrefix(frames, own+".") || strings.HasPrefix(frames, own+"/internal/") || strings.HasPrefix(frames, "runtime.") {
		_, frames, _ = strings.Cut(frames, "\n")
		_, frames, _ = strings.Cut(frames, "\n")
	}
	return where.Innermost(frames)
}

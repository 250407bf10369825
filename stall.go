package legion

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/legion-go/legion/internal/where"
)

// watchLoop logs when one function holds the loop for so long that the daemon
// counts as unhealthy, and where it is. No callback and no handler runs
// meanwhile: without a word, that looks like a program that does nothing.
func (d *Daemon) watchLoop() {
	most := d.loopPatience()
	d.owned.Go("the watch over the loop", func() {
		look := time.NewTicker(max(most/2, time.Millisecond))
		defer look.Stop()
		var told time.Duration // for how long it was held when that was logged; 0: it was not
		for {
			select {
			case <-look.C:
			case <-d.life.Closing().Done():
				return
			}
			s := d.loop.Stats()
			if told != 0 && s.Running < told {
				d.log.Info("the loop goes on")
				told = 0
			}
			if told == 0 && s.Running > most {
				told = s.Running
				d.log.Warn("a function holds the loop, and nothing else runs there: long work belongs into a pool or a goroutine; what waits for a Then or a handler there waits for itself",
					"for", s.Running.Round(time.Millisecond), "where", d.onLoopNow(), "waiting", s.Pending)
			}
		}
	})
}

// onLoopNow describes where the program's function is that runs on the loop; ""
// if that cannot be seen.
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

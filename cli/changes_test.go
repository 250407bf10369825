package cli

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/slow"
	"github.com/legion-go/legion/legiontest"
)

// wishes are the verbs that change whether there is a daemon, or which.
var wishes = []string{"start", "stop", "restart", "reload", "upgrade"}

// Each change comes during each other. Each command reports the truth: after a
// stop that said that it has stopped the daemon, the daemon does not come back
// unless a later command started it, and a command that does not stop it leaves
// it running.
func TestChangesDuringChanges(t *testing.T) {
	slow.Test(t, "upgrades a daemon beside each other verb, a second each", "6 s")
	times := 1
	if os.Getenv("SOAK") != "" {
		times = 20
	}
	legiontest.CheckLeaks(t)
	t.Run("first", func(t *testing.T) { // waits for the parallel tests
		for _, first := range wishes {
			t.Run(first, func(t *testing.T) {
				t.Parallel()
				u := oneOfMany(t)
				u.env = []string{"THUMBS_LOCK=1"}
				for _, second := range wishes {
					for n := range times {
						u.run("start", "-o", "log_file="+u.dir+"/log")
						u.running()
						if first == "start" {
							u.expect(ExitOK, "has stopped", "", "stop")
						}
						u.change(first, second, time.Duration(n)*3*time.Millisecond)
					}
				}
			})
		}
	})
}

// change makes two wishes, the second a moment after the first, and checks the
// daemon and what the commands reported.
func (u *user) change(first, second string, after time.Duration) {
	u.t.Helper()
	var all sync.WaitGroup
	var a result
	wish := func(verb string) result {
		if verb == "start" { // restart would stop the daemon and start it, with a flag
			return u.run(verb, "-o", "log_file="+u.dir+"/log")
		}
		return u.run(verb)
	}
	all.Go(func() { a = wish(first) })
	time.Sleep(after)
	b := wish(second)
	all.Wait()
	status := u.run("status")
	said := fmt.Sprintf("%s: %+v\n%s %v later: %+v\nthen %+v", first, a, second, after, b, status)
	stops := func(wish string, r result) bool { return wish == "stop" && strings.Contains(r.stdout, "has stopped") }
	starts := func(wish string, r result) bool {
		return (wish == "start" || wish == "restart") && r.code == ExitOK && strings.Contains(r.stderr, "runs in the background")
	}
	switch {
	case status.code != StatusRunning && status.code != StatusStopped:
		u.t.Errorf("neither running nor stopped\n%s", said)
	case stops(second, b) && !starts(first, a) && status.code != StatusStopped,
		stops(first, a) && !stops(second, b) && !starts(second, b) && status.code != StatusStopped:
		u.t.Errorf("a stop is lost\n%s", said)
	case !stops(first, a) && !stops(second, b) && status.code != StatusRunning:
		u.t.Errorf("it has gone without a stop\n%s", said)
	case first == "start" && second == "start": // one wins, the other names it
		if (a.code == ExitOK) == (b.code == ExitOK) && !strings.Contains(a.stdout+b.stdout, "runs already") {
			u.t.Errorf("two starts\n%s", said)
		}
	case first == "start" && (second == "reload" || second == "upgrade") && strings.Contains(b.stderr, "not running"): // not yet
	case first == "start" && second == "restart" && strings.Contains(a.stderr+b.stderr, "is running already"): // so are these
	case first != "stop" && second != "stop" && (a.code != ExitOK || b.code != ExitOK):
		u.t.Errorf("a wish has failed\n%s", said)
	}
}

package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/internal/slow"
	"github.com/legion-go/legion/legiontest"
)

// asked is a verb that asks a running daemon, or tells it to do something that
// changes neither whether nor which daemon runs.
type asked struct {
	line   string
	usual  string            // of a daemon that can be asked: "CODE TEXT"
	states map[string]string // what is said in other states, if it is not that
}

// What most verbs say where there is no daemon to ask.
var noDaemon = map[string]string{
	"absent":  "7 sites: not running: no process listens at ",
	"crashed": "7 sites: not running: no process listens at ",
	"frozen":  "1 has been stopped by a signal or a debugger",
	"locked":  "1 sites runs, but does not answer at ",
}

const (
	noWorkers = "1 the daemon is starting; its workers start after Init"
	ending    = "1 the pool is stopping"
)

var questions = []asked{
	{"status", "0 sites is running", map[string]string{
		"absent": "3 sites is stopped", "crashed": "1 sites is dead: its socket ", "starting": "150 sites is starting", "stopping": "150 sites is stopping",
		"frozen": "4 sites stop --force ends it", "locked": "4 holds the lock", "failed": "150 2 workers died within 1m0s",
		"upgrading": "0 sites is running; an upgrade has been under way for",
	}},
	{"ps", "0 PID ", nil},
	{"logs -n 5", "0 ", map[string]string{"absent": "7 there is no log file to read instead", "crashed": "7 there is no log file to read instead"}},
	{"events", "0 TYPE ", nil},
	{"stats", "0 cpu: ", nil},
	{"pool ls", "0 POOL ", nil},
	{"pool status die", "0 die is running", map[string]string{"starting": "0 die is stopped", "stopping": "0 die is stop", "failed": "0 die is failed"}},
	{"pool pause die", "0 pool die: calls wait until resume", map[string]string{
		"starting": noWorkers, "stopping": ending, "failed": "1 pausing pool die: pool failed: 2 workers died within 1m0s",
	}},
	{"pool recycle die", "0 pool die: workers are being replaced", map[string]string{
		"starting": noWorkers, "stopping": ending, "failed": "1 recycling pool die: pool failed: 2 workers died within 1m0s",
	}},
	{"pool resume echo", "0 pool echo: resumed", map[string]string{"starting": noWorkers, "stopping": ending}},
	{"pool scale echo 1 2", "0 pool echo: 1 to 2 workers", map[string]string{"starting": noWorkers, "stopping": ending}},
	{"pool status nobody", "1 nobody", nil},
	{"worker ls", "0 PID ", map[string]string{"starting": "0 echo      stopped"}},
	{"worker status", "0 echo ", nil},
	{"worker kill 1", "1 no worker has the pid 1; those there are: ", map[string]string{"starting": "1 no worker has the pid 1: there are no workers"}},
	{"worker end 1", "1 no worker has the pid 1; those there are: ", map[string]string{"starting": "1 no worker has the pid 1: there are no workers"}},
	{"pool recent die", "0 ", nil},
	{"history die", "0 ", nil},
	{"worker pause --pool echo", "0 paused", map[string]string{"starting": "0 0 workers paused", "stopping": "0 0 workers paused"}},
	{"worker resume --pool echo", "0 resumed", map[string]string{"starting": "0 0 workers resumed", "stopping": "0 0 workers resumed"}},
	{"worker stack", "0 goroutine ", nil},
	{"metrics", "1 the daemon has no metrics at /metrics: its program does not use package metrics", nil},
	{"death ls echo", "0 no such death is kept", nil},
	{"death kinds", "0 ", nil},
	{"death show 4711", "1 number: ", nil},
	{`call echo "x"`, `0 "x"`, map[string]string{"starting": noWorkers, "stopping": ending}},
	{"task ls", "0 sum ", nil},
	{"task run sum", "0 42", map[string]string{"starting": noWorkers, "stopping": ending}},
	{"func ls", "0 echo ", nil},
	{"cron ls", "0 there are no functions of Cron and Every", nil},
	{"plugin ls", "0 lock-file ", nil},
	{"lock ls", "0 lock-file ", nil},
	{"rpc ls", "0 daemon.status ", nil},
	{"signal USR1", "0 sites has got USR1", map[string]string{"starting": "1 the daemon is still starting", "stopping": "1 the daemon is stopping"}},
	{"loglevel", "0 INFO", nil},
	{"config show", "0 log_level ", map[string]string{"absent": "0 log_level ", "crashed": "0 log_level "}},
	{"config check", "0 ", whatever("0 ")},
	{"version", "0 ", whatever("0 ")},
	{"help stop", "0 --force", whatever("0 --force")},
	{"unit", "0 ExecStart=", whatever("0 ExecStart=")},
	{"doctor", "? ok ", whatever("? ok ")},
}

// whatever is printed without asking a daemon.
func whatever(want string) map[string]string {
	states := map[string]string{}
	for state := range noDaemon {
		states[state] = want
	}
	return states
}

// ask tries all questions.
func (s *site) ask(state string) {
	s.t.Helper()
	for _, q := range questions {
		s.try(state, q.want(state), q.line)
	}
}

// askAtOnce tries them at the same time: each waits for a daemon that does not
// answer.
func (s *site) askAtOnce(state string) {
	s.t.Helper()
	var all sync.WaitGroup
	for _, q := range questions {
		all.Go(func() { s.try(state, q.want(state), q.line) })
	}
	all.Wait()
}

func (q *asked) want(state string) string {
	if want, ok := q.states[state]; ok {
		return want
	}
	if want, ok := noDaemon[state]; ok {
		return want
	}
	return q.usual
}

// What a verb says of a daemon is true, in each state of the daemon. With -v
// the log of the test is a transcript.
func TestVerbsInEveryState(t *testing.T) {
	slow.Test(t, "starts a daemon for each of its states", "5 s")
	legiontest.CheckLeaks(t)
	t.Run("states", func(t *testing.T) { // which wait for each other
		for state, try := range map[string]func(s *site){
			"absent": absent, "starting": starting, "running": running, "hung": hung, "frozen": frozen, "failed": failed,
			"stopping": stopping, "crashed": crashed, "upgrading": upgrading, "embedded": embedded, "locked": locked,
		} {
			t.Run(state, func(t *testing.T) {
				t.Parallel()
				try(newSite(t))
			})
		}
	})
}

// try runs a command line, as a process if it may start a daemon.
func (s *site) try(state, want, line string) {
	s.t.Helper()
	args := strings.Fields(line)
	switch {
	case args[0] == "start" || args[0] == "run" || args[0] == "restart" && state == "stopped":
		expect(s.t, state, "sites "+line, s.exec(args...), want)
	default:
		expect(s.t, state, "sites "+line, s.say(args...), want)
	}
}

// meanwhile runs a command line that waits for something, and causes that once
// the command line waits: when its first look at the daemon is over.
func (s *site) meanwhile(state, want, line string, then func()) {
	s.t.Helper()
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.try(state, want, line)
	}()
	select {
	case <-over:
		s.t.Errorf("(%s) %s does not wait", state, line)
	case <-after(s.t):
	}
	then()
	<-over
}

func absent(s *site) {
	s.ask("absent")
	for want, line := range map[string]string{
		"0 sites is not running": "stop", "0 Starting and stopping": "help", "0 ": "version", "? ok ": "doctor", "0 ExecStart=": "unit",
	} {
		s.try("absent", want, line)
	}
	for _, line := range []string{"reload", "upgrade"} {
		s.try("absent", noDaemon["absent"], line)
	}
	s.try("absent", "0 sites runs in the background, pid ", "start")
	_ = s.running()
	s.try("running", fmt.Sprintf("0 sites runs already, pid %d", s.pid), "start")
	s.try("running", fmt.Sprintf("1 process %d holds the lock", s.pid), "run")
	s.try("running", "0 sites runs again, pid ", "restart")
	s.try("running", "0 sites has stopped", "stop")
	s.try("stopped", "3 sites is stopped", "status")
	s.try("stopped", "0 sites is not running", "stop")
	s.try("stopped", "0 sites runs in the background, pid ", "restart")
	s.try("running", "0 sites has stopped", "stop")
}

func starting(s *site) {
	there := s.hold("init")
	s.run()
	init := there()
	s.ask("starting")
	s.meanwhile("starting", "0 sites runs already, pid ", "start", init.letGo)
	s.try("running", "0 sites has stopped", "stop")
	there = s.hold("init")
	s.run()
	init = there()
	s.meanwhile("starting", "0 sites runs in the background, pid ", "start", func() { init.fail("a bad day") })
	s.try("running", "0 sites has stopped", "stop")
	there = s.hold("init")
	s.run()
	init = there()
	s.meanwhile("starting", "7 not running", "reload", func() { init.fail("a bad day") })
	there = s.hold("init")
	s.run()
	init = there()
	s.meanwhile("starting", "0 sites has stopped", "stop", init.letGo)
}

func running(s *site) {
	s.run()
	_ = s.running()
	s.ask("running")
	s.try("running", "0 sites has reloaded", "reload")
	s.try("running", fmt.Sprintf("0 sites has been upgraded, pid %d", s.pid), "upgrade")
	s.try("running", "0 sites has stopped", "stop --force")
}

func hung(s *site) {
	there := s.hold("loop")
	s.run()
	s.call(s.running(), "hang", nil)
	there()
	s.ask("hung")
	s.try("hung", fmt.Sprintf("0 sites runs already, pid %d", s.pid), "start")
	s.try("hung", fmt.Sprintf("1 sites, pid %d, cannot do it now: its loop has been busy with one function for ", s.pid), "reload --timeout 10ms")
	s.try("hung", fmt.Sprintf("1 sites, pid %d, has not ended within 100ms: it finishes its work; sites status shows what it waits for, sites stop --force ends", s.pid), "stop --timeout 100ms")
	s.try("hung", fmt.Sprintf("0 sites, pid %d, was killed", s.pid), "stop --force --timeout 10ms")
	s.try("killed", "1 sites is dead", "status")
}

func frozen(s *site) {
	s.run()
	_ = s.running()
	if err := syscall.Kill(s.pid, syscall.SIGSTOP); err != nil {
		s.t.Fatal(err)
	}
	for !isStopped(s.t, s.pid) {
	}
	s.askAtOnce("frozen")
	for _, line := range []string{"status", "stop", "reload", "upgrade", "start", "restart"} {
		want := fmt.Sprintf("1 process %d, which listens at unix://%s, has been stopped by a signal or a debugger: kill -CONT %[1]d lets it go on; sites stop --force ends it at once", s.pid, s.socket)
		if line == "status" {
			want = "4" + want[1:]
		}
		s.try("frozen", want, line)
	}
	s.try("frozen", fmt.Sprintf("0 sites, pid %d, was killed", s.pid), "stop --force")
	s.try("killed", "1 sites is dead", "status")
	s.try("killed", "0 sites is not running", "stop --force")
}

func failed(s *site) {
	s.run()
	c := s.running()
	for {
		err := c.Call(s.t.Context(), "call", map[string]any{"name": "die"}, nil)
		if refused := (*client.Error)(nil); !errors.As(err, &refused) {
			s.t.Fatal(err)
		} else if strings.Contains(refused.Message, "pool failed") {
			break
		}
	}
	s.ask("failed")
	s.try("failed", "1 recycling pool die: pool failed", "pool recycle")
	s.try("failed", "0 sites has reloaded", "reload")
	s.try("failed", "0 pool die: resumed", "pool resume die")
	s.try("running", "0 sites has stopped", "stop")
}

func stopping(s *site) {
	for _, c := range []struct{ line, want string }{
		{"reload", "7 not running"},
		{"stop", "0 sites"}, // has stopped, or is not running: who came first is told so
		{"start", "0 sites runs in the background, pid "},
	} {
		there := s.hold("call")
		s.run()
		s.call(s.running(), "call", map[string]any{"name": "slow"})
		call := there()
		if err := syscall.Kill(s.pid, syscall.SIGTERM); err != nil {
			s.t.Fatal(err)
		}
		s.until("stopping")
		if c.line == "start" {
			s.ask("stopping")
		}
		s.meanwhile("stopping", c.want, c.line, call.letGo)
	}
	s.try("running", "0 sites has stopped", "stop")
}

func crashed(s *site) {
	s.run()
	_ = s.running()
	gone, forget := watchProcess(s.pid)
	defer forget()
	if err := syscall.Kill(s.pid, syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	<-gone
	s.ask("crashed")
	s.try("crashed", noDaemon["crashed"], "reload")
	s.try("crashed", "0 sites is not running", "stop")
	s.try("crashed", "0 sites runs in the background, pid ", "start")
	s.try("running", "0 sites has stopped", "stop")
}

func upgrading(s *site) {
	s.try("absent", "0 sites runs in the background, pid ", "start")
	_ = s.running()
	before := s.pid
	there := s.hold("init")
	s.meanwhile("running", "0 sites has been upgraded, pid ", "upgrade", func() {
		init := there()
		s.ask("upgrading")
		s.try("upgrading", fmt.Sprintf("0 sites runs already, pid %d", before), "start")
		s.meanwhile("upgrading", "0 sites has reloaded", "reload", init.letGo)
	})
	s.try("running", "0 sites has stopped", "stop")
}

func embedded(s *site) {
	cmd := s.command()
	cmd.Env = append(cmd.Env, programKey+"=sites-embedded")
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	_ = s.running()
	r := s.say("stop", "--timeout", "3s")
	expect(s.t, "embedded", "sites stop --timeout 3s", r, fmt.Sprintf("1 sites: sites, pid %d, has stopped, but its process goes on: it is part of a larger program", s.pid))
	if !strings.Contains(r.stderr, "(Wait returns then) …\n") {
		s.t.Errorf("it does not tell before the end: %s", r.stderr)
	}
	s.try("stopped", "3 sites is stopped", "status")
}

// locked is a daemon without a socket. The test takes its part.
func locked(s *site) {
	if err := os.MkdirAll(filepath.Dir(s.socket), 0o700); err != nil {
		s.t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(filepath.Dir(s.socket), "sites.lock"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	fmt.Fprintln(f, os.Getpid())
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		s.t.Fatal(err)
	}
	s.askAtOnce("locked")
	for _, line := range []string{"status", "stop", "start"} {
		code := 1
		if line == "status" {
			code = StatusUnknown
		}
		s.try("locked", fmt.Sprintf("%d process %d holds the lock", code, os.Getpid()), line)
	}
}

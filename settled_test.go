package legion_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// pair is the program web in the middle of an upgrade: the new process serves,
// and the old one watches it still.
type pair struct {
	*program
	addr     string
	old, new int

	mu   sync.Mutex
	pids []int // of all processes
}

func newPair(t *testing.T) *pair {
	t.Helper()
	t.Setenv("WEB_SETTLE", "300ms")
	x := &pair{program: run(t, "web")}
	guard := time.AfterFunc(20*time.Second, func() {
		t.Error("a process has not ended")
		x.mu.Lock()
		defer x.mu.Unlock()
		for _, pid := range x.pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	t.Cleanup(func() { guard.Stop() })
	x.started(&x.old)
	x.signal(syscall.SIGUSR2)
	x.started(&x.new)
	return x
}

func (x *pair) started(pid *int) {
	x.t.Helper()
	if _, err := fmt.Sscan(x.hear("started"), pid, &x.addr); err != nil {
		x.t.Fatal(err)
	}
	x.mu.Lock()
	x.pids = append(x.pids, *pid)
	x.mu.Unlock()
	x.t.Cleanup(func() { _ = syscall.Kill(*pid, syscall.SIGKILL) })
}

func (x *pair) kill(pid int, s syscall.Signal) {
	x.t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		x.t.Fatal(err)
	}
}

// rest returns what is said until all processes have ended.
func (x *pair) rest() (lines []string) {
	for x.out.Scan() {
		lines = append(lines, x.out.Text())
	}
	return lines
}

// A new process that is told to upgrade while the old one watches it waits
// until that one has gone: not one request is lost, each over a connection of
// its own.
func TestUpgradeOfTheUnsettled(t *testing.T) {
	x := newPair(t)
	addr := x.addr
	var stop atomic.Bool
	var clients sync.WaitGroup
	defer clients.Wait()
	defer stop.Store(true)
	for range 4 {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
			for !stop.Load() {
				if _, err := get(client, addr); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	x.kill(x.new, syscall.SIGUSR2)
	third := 0
	if changed := x.hear("changed"); changed != fmt.Sprint(x.old, " ", x.new) { // else the third has started before
		t.Error(changed)
	}
	x.started(&third)
	if changed := x.hear("changed"); changed != fmt.Sprint(x.new, " ", third) {
		t.Error(changed)
	}
	stop.Store(true)
	clients.Wait()
	x.kill(third, syscall.SIGTERM)
	x.rest()
}

// A stop counts whichever of the two processes of an upgrade gets it: the
// daemon is gone, and what runs is finished.
func TestStopOfTheUnsettled(t *testing.T) {
	for _, which := range []string{"old", "new", "new, twice"} {
		t.Run(which, func(t *testing.T) {
			x := newPair(t)
			results := make(chan error, 8)
			for range cap(results) {
				go func() {
					client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
					_, err := get(client, x.addr+"/slow")
					results <- err
				}()
			}
			for range cap(results) {
				x.hear("slow")
			}
			pid := x.new
			if which == "old" {
				pid = x.old
			}
			x.kill(pid, syscall.SIGTERM)
			if strings.HasSuffix(which, "twice") {
				x.kill(pid, syscall.SIGTERM)
			}
			for _, line := range x.rest() { // returns when both have ended
				if strings.HasPrefix(line, "failed") || strings.HasPrefix(line, "error") || strings.HasPrefix(line, "started") {
					t.Errorf("it says %q", line)
				}
			}
			for range cap(results) {
				if err := <-results; err != nil && which != "new, twice" { // which does not wait for requests
					t.Error(err)
				}
			}
		})
	}
}

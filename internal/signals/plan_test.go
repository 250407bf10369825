package signals

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// A plan delivers what it takes and discards what it ignores. Once it is held,
// only the signals that end the daemon still come.
func TestPlan(t *testing.T) {
	usr1, usr2, winch := syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH
	p := Plan{Taken: []syscall.Signal{usr1, usr2}, Ending: []syscall.Signal{usr2}, Ignored: []syscall.Signal{winch}}
	t.Cleanup(func() { signal.Reset(usr1, usr2, winch) })
	came := make(chan os.Signal, 4)
	p.Notify(came)
	defer signal.Stop(came)
	if !signal.Ignored(winch) || signal.Ignored(usr1) {
		t.Error("it ignores the wrong signals")
	}
	if err := syscall.Kill(os.Getpid(), usr1); err != nil {
		t.Fatal(err)
	}
	if s := <-came; s != usr1 {
		t.Errorf("%v came", s)
	}
	p.Hold()
	if !signal.Ignored(usr1) || signal.Ignored(usr2) {
		t.Error("it holds the wrong signals")
	}
}

// Among pending signals, one that ends the daemon is found.
func TestEndedBy(t *testing.T) {
	p := Plan{Taken: []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM}, Ending: []syscall.Signal{syscall.SIGTERM}}
	pending := make(chan os.Signal, 3)
	pending <- syscall.SIGHUP
	if p.EndedBy(pending) {
		t.Error("SIGHUP ends it")
	}
	pending <- syscall.SIGHUP
	pending <- syscall.SIGTERM
	if !p.EndedBy(pending) {
		t.Error("SIGTERM does not end it")
	}
}

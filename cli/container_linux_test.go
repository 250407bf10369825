package cli

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
)

// A daemon in a container reports a pid that is another process here. The
// command neither waits for that process nor kills it. The test takes the
// daemon's part.
func TestThePidOfAContainerIsNotKilled(t *testing.T) {
	other := exec.Command("sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- other.Wait() }()
	defer func() {
		_ = other.Process.Kill()
		<-ended
	}()
	f := newFake(t, map[string]string{
		"daemon.hello": fmt.Sprintf(`{"name":"thumbs","pid":%d,"state":"running"}`, other.Process.Pid), "daemon.stop": "true",
	})
	var ends atomic.Bool
	f.ends = ends.Load
	code, _, stderr := f.run(80, false, "stop", "thumbs", "--force", "--timeout", "50ms")
	if code != ExitFailed || !strings.Contains(stderr, "cannot be killed from here") || strings.Contains(stderr, "--force") {
		t.Errorf("code %d: %s", code, stderr)
	}
	ends.Store(true)
	if code, stdout, stderr := f.run(80, false, "stop", "thumbs"); code != ExitOK || stdout != "thumbs has stopped\n" {
		t.Errorf("code %d: %s%s", code, stdout, stderr)
	}
	select {
	case err := <-ended:
		ended <- err
		t.Errorf("the other process has ended: %v", err)
	default:
	}
}

// Of several errors each line begins alike.
func TestJoinedErrorsAreExplained(t *testing.T) {
	p := newProgram(nil, nil)
	if got := p.explain(errors.Join(errors.New("legion: pausing a: no"), errors.New("legion: pausing b: no"))); got != "pausing a: no\npausing b: no" {
		t.Errorf("%q", got)
	}
}

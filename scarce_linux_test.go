package legion_test

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/slow"
)

// Without descriptors no more workers can start. Running calls finish, the
// existing workers serve those that wait, and when there are descriptors again
// the pool grows, all without an operator.
func TestNoDescriptors(t *testing.T) {
	slow.Test(t, "starts workers until there are no descriptors", "3 s")
	p := run(t, "scarce")
	if said := p.hear("scarce:"); said != "ok" {
		t.Error(said)
	}
}

func init() { programs["scarce"] = scarceMain }

func scarceMain() {
	s := newSolo("scarce", legion.Pool{Min: 1, Max: 4})
	ctx := context.Background()
	fail := func(format string, args ...any) {
		fmt.Println("scarce:", fmt.Sprintf(format, args...))
		os.Exit(1)
	}
	if err := s.d.Start(ctx); err != nil {
		fail("Start: %v", err)
	}
	var all syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &all); err != nil {
		fail("%v", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: all.Max}); err != nil {
		fail("%v", err)
	}
	running := s.do.Go(ctx, deed{What: "sleep", For: time.Second})
	var waiting []*legion.Future[string]
	for range 10 {
		waiting = append(waiting, s.do.Go(ctx, deed{What: "pid"}))
	}
	if out, err := running.Result(); err != nil || out != "slept" {
		fail("the call that ran: %q, %v", out, err)
	}
	for _, fut := range waiting {
		if _, err := fut.Result(); err != nil {
			fail("a call that waited: %v", err)
		}
	}
	st := s.do.Pool().Stats()
	if st.State != "running" || st.Started < 3 || st.Started > 100 || len(st.Workers) > 2 {
		fail("while there were none: %+v", st)
	}
	// Not even the last worker's death is the end.
	if err := s.do.Pool().Kill(s.workers("ready")[0].PID); err != nil {
		fail("%v", err)
	}
	last := s.do.Go(ctx, deed{What: "pid"})
	time.Sleep(time.Second)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &all); err != nil {
		fail("%v", err)
	}
	if _, err := last.Result(); err != nil {
		fail("the call that waited for a worker: %v", err)
	}
	for i := range waiting {
		waiting[i] = s.do.Go(ctx, deed{What: "sleep", For: 200 * time.Millisecond})
	}
	for len(s.workers("ready")) < 4 {
		time.Sleep(time.Millisecond)
	}
	for _, fut := range waiting {
		if _, err := fut.Result(); err != nil {
			fail("a call afterwards: %v", err)
		}
	}
	if err := s.d.Stop(ctx); err != nil {
		fail("Stop: %v", err)
	}
	fmt.Println("scarce: ok")
}

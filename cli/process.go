package cli

import (
	"errors"
	"sync"
	"syscall"
	"time"
)

// pollProcess is watchProcess where the system does not report the end of a
// process: it polls.
func pollProcess(pid int) (gone <-chan struct{}, forget func()) {
	over, enough := make(chan struct{}), make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		ticker := time.NewTicker(50 * time.Millisecond)
		defer ticker.Stop()
		for {
			if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
				close(over)
				return
			}
			select {
			case <-ticker.C:
			case <-enough:
				return
			}
		}
	})
	return over, func() { close(enough); watch.Wait() }
}

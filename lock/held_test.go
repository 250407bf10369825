package lock

import (
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// The loser waits until the winner has written its process id, and for one that
// is about to end.
func TestPatience(t *testing.T) {
	const gone = 999999999 // beyond what the kernel gives out
	for name, c := range map[string]struct {
		found []int // which process holds the lock, in turn; -1: none
		pid   int   // that the error names; -1: no error
		min   time.Duration
	}{
		"known":          {[]int{os.Getppid()}, os.Getppid(), heldPatience},
		"itself":         {[]int{os.Getpid()}, os.Getpid(), 0},
		"says it late":   {[]int{0, gone, os.Getpid()}, os.Getpid(), 0},
		"never says it":  {[]int{0}, 0, vaguePatience},
		"dead":           {[]int{gone}, 0, vaguePatience},
		"is about to go": {[]int{os.Getppid(), os.Getppid(), -1}, -1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin, n := time.Now(), 0
				err := persist(t.Context(), func() error {
					pid := c.found[min(n, len(c.found)-1)]
					if n++; pid < 0 {
						return nil
					}
					return &HeldError{PID: pid}
				})
				var held *HeldError
				switch {
				case c.pid < 0 && err != nil, c.pid >= 0 && (!errors.As(err, &held) || held.PID != c.pid):
					t.Errorf("got %v", err)
				case time.Since(begin) < c.min, time.Since(begin) > c.min+10*retryPause:
					t.Errorf("it took %v, not %v", time.Since(begin), c.min)
				}
			})
		})
	}
}

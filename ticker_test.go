package legion_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// The interval of a function can be changed before the start and while it runs.
func TestTickerReset(t *testing.T) {
	legiontest.CheckLeaks(t)
	d := legion.New(quiet("solo"))
	third := make(chan struct{})
	var ticker *legion.Ticker
	ticker = d.Every(time.Hour, func(context.Context) error {
		if ticker.Runs() == 3 {
			ticker.Reset(time.Hour)
			close(third)
		}
		return nil
	})
	ticker.Reset(2 * time.Hour)
	if ticker.Interval() != 2*time.Hour || ticker.Runs() != 0 {
		t.Errorf("before the start: %v, %d", ticker.Interval(), ticker.Runs())
	}
	legiontest.Start(t, d)
	await(t, func() bool { return ticker.Runs() == 1 })
	ticker.Reset(time.Millisecond)
	<-third
	if ticker.Interval() != time.Hour || d.Stats().Loop.Ticks != 3 {
		t.Errorf("%v, %+v", ticker.Interval(), d.Stats().Loop)
	}
	for _, bad := range []time.Duration{-1, 5} {
		func() {
			defer func() {
				if v := fmt.Sprint(recover()); !strings.Contains(v, "Ticker.Reset") {
					t.Errorf("Reset(%d): %s", bad, v)
				}
			}()
			ticker.Reset(bad)
		}()
	}
}

package main

import (
	"fmt"
	"runtime"
	"time"
)

// paced lets one caller make a call every interval for the time of d. The
// processes sleep in between, so a latency includes waking up. A call that is
// late does not make the next one earlier: there are no bursts.
func paced(s Session, call Call, interval, d time.Duration) (Sample, error) {
	var h hist
	runtime.GC()
	before := readUsage(s.PIDs())
	failed := make(chan error)
	go func() { failed <- pace(call, interval, d, &h) }() // not on main's goroutine: it is locked to a thread
	err := <-failed
	after := readUsage(s.PIDs())
	if err != nil {
		return nil, fmt.Errorf("calling every %v: %w", interval, err)
	}
	sample := Sample{
		P50:  h.quantile(0.50),
		P99:  h.quantile(0.99),
		Rate: float64(h.n) / after.at.Sub(before.at).Seconds(),
	}
	after.since(before, float64(h.n), sample)
	return sample, nil
}

func pace(call Call, interval, d time.Duration, h *hist) error {
	began := time.Now()
	for next := interval; next < d; {
		time.Sleep(next - time.Since(began))
		from := time.Since(began)
		if err := call(); err != nil {
			return err
		}
		now := time.Since(began)
		h.add(now - from)
		next = max(next+interval, now)
	}
	return nil
}

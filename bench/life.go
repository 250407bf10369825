package main

import (
	"fmt"
	"time"
)

// spawn measures the time from the request for a worker to its first answer, n
// times, each with a fresh process. Ending the process is not part of it.
func spawn(p Peer, n int) (Sample, error) {
	var h hist
	for range n {
		began := time.Now()
		s, err := openAndCall(p)
		h.add(time.Since(began))
		if err != nil {
			return nil, err
		}
		if err := s.Close(); err != nil {
			return nil, fmt.Errorf("ending a worker: %w", err)
		}
	}
	return Sample{P50: h.quantile(0.50), P99: h.quantile(0.99)}, nil
}

// idle starts a worker, makes one call, leaves it alone for d and measures the
// memory that it has and the CPU time that it uses.
func idle(p Peer, d time.Duration) (_ Sample, err error) {
	s, err := openAndCall(p)
	if err != nil {
		return nil, err
	}
	defer closeSession(s, &err)
	time.Sleep(idleSettle)
	before, okBefore := processCPU(s.PIDs())
	time.Sleep(d)
	after, okAfter := processCPU(s.PIDs())
	sample := Sample{}
	if okBefore && okAfter {
		sample[WorkerShare] = 100 * (after - before).Seconds() / d.Seconds()
	}
	if private, pss, ok := processMemory(s.PIDs()); ok {
		sample[Private], sample[PSS] = private, pss
	}
	return sample, nil
}

// idleSettle is how long a worker may tidy up after its first call before it
// counts as idle.
const idleSettle = 100 * time.Millisecond

func openAndCall(p Peer) (_ Session, err error) {
	s, err := p.Open()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			closeSession(s, &err)
		}
	}()
	call, err := s.Bytes(newPayload(64))
	if err != nil {
		return nil, fmt.Errorf("preparing the first call: %w", err)
	}
	if err := call(); err != nil {
		return nil, fmt.Errorf("making the first call: %w", err)
	}
	return s, nil
}

// closeSession ends s and keeps the first error.
func closeSession(s Session, err *error) {
	if closing := s.Close(); closing != nil && *err == nil {
		*err = fmt.Errorf("ending a worker: %w", closing)
	}
}

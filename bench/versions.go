package main

import (
	"fmt"
	"time"
)

// versionRow compares workers of the small program built with this version of
// Legion and with the one in another folder. The clock runs inside the program,
// from the first call of a running daemon to its answer: the daemon's own start
// is left out.
func versionRow(other string) Row {
	return Row{
		Name:    "versions",
		About:   "start and memory of a worker of the small program, with this version of Legion and with that in " + other,
		Columns: []Metric{P50, P99, Private, PSS},
		Versus:  versus("before", P50, Private, PSS),
		Peers:   func(int) []Peer { return versionPeers(other) },
		measure: prepared(func(p Peer, c Config) (Sample, error) { return startAndMemory(p, 4*c.Spawns) }),
	}
}

func versionPeers(other string) []Peer {
	return []Peer{
		legionSmallPeer{&smallDaemon{version: other}, "before"},
		legionSmallPeer{&smallDaemon{}, "now"},
	}
}

// startAndMemory starts n workers, one after the other.
func startAndMemory(p Peer, n int) (Sample, error) {
	var h hist
	var private, pss []float64
	for range n {
		s, err := p.Open()
		if err != nil {
			return nil, err
		}
		small := s.(*smallSession)
		h.add(small.took)
		time.Sleep(20 * time.Millisecond) // it tidies up
		if own, shared, ok := processMemory(s.PIDs()); ok {
			private, pss = append(private, own), append(pss, shared)
		}
		if err := s.Close(); err != nil {
			return nil, fmt.Errorf("ending a worker: %w", err)
		}
	}
	sample := Sample{P50: h.quantile(0.50), P99: h.quantile(0.99)}
	if len(private) == n {
		sample[Private], sample[PSS] = median(private), median(pss)
	}
	return sample, nil
}

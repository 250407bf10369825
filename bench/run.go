package main

import (
	"errors"
	"fmt"
)

// Result is the result of a row for all peers.
type Result struct {
	Name  string        `json:"name"`
	About string        `json:"about"`
	Peers []*PeerResult `json:"peers"`
	// Others is the share of all CPUs that other processes used meanwhile, in
	// percent; nil if this system does not say. It is too high for rows in which
	// legion-small takes part: its daemon counts as another process.
	Others *float64 `json:"others_percent,omitempty"`
	row    Row
}

// PeerResult is the result of a row for one peer.
type PeerResult struct {
	Name   string   `json:"name"`
	Rounds []Sample `json:"rounds"`
	Median Sample   `json:"median"`           // of every metric over the rounds
	Ratios []Ratio  `json:"ratios,omitempty"` // the row's comparisons that this peer has figures for
	Absent string   `json:"absent,omitempty"` // why this peer does not take part
	Error  string   `json:"error,omitempty"`  // the error; the peer is left out from then on
}

// runRow measures every peer once per round, beginning with another peer each
// time, so that other work of the machine affects all of them alike. before
// gets the name of the next measurement.
func runRow(row Row, peers []Peer, rounds int, c Config, calm *patience, before func(what string)) *Result {
	res := &Result{Name: row.Name, About: row.About, row: row}
	for _, p := range peers {
		res.Peers = append(res.Peers, &PeerResult{Name: p.Name()})
	}
	began, watched := readBusy()
	for round := range rounds {
		for i := range peers {
			at := (i + round) % len(peers)
			p, pr := peers[at], res.Peers[at]
			if pr.Error != "" || pr.Absent != "" {
				continue
			}
			before(fmt.Sprintf("%s, %s, round %d", row.Name, p.Name(), round+1))
			sample, err := calm.measure(p, func() (Sample, error) { return row.measure(p, c) })
			switch {
			case errors.Is(err, errNotCarried):
				pr.Absent = err.Error()
			case err != nil:
				pr.Error = err.Error()
			default:
				pr.Rounds = append(pr.Rounds, sample)
			}
		}
	}
	if now, ok := readBusy(); ok && watched {
		share := now.others(began)
		res.Others = &share
	}
	res.summarize()
	return res
}

// summarize fills medians and ratios.
func (r *Result) summarize() {
	for _, pr := range r.Peers {
		pr.Median = Sample{}
		for _, s := range pr.Rounds {
			for m := range s {
				pr.Median[m] = median(valuesOf(pr.Rounds, m))
			}
		}
		for _, v := range r.row.Versus {
			if s, ok := r.ratio(pr.Name, v); ok {
				pr.Ratios = append(pr.Ratios, Ratio{v.Metric, v.To, s})
			}
		}
	}
}

// ratio compares a peer; ok is false if no round measured both.
func (r *Result) ratio(of string, v Versus) (s Spread, ok bool) {
	mine, other := r.peer(of), r.peer(v.To)
	if mine == nil || other == nil {
		return Spread{}, false
	}
	return spreadOf(ratiosOf(mine.Rounds, other.Rounds, v.Metric))
}

// peer finds a peer's result; nil if it did not take part.
func (r *Result) peer(name string) *PeerResult {
	for _, pr := range r.Peers {
		if pr.Name == name && len(pr.Rounds) > 0 {
			return pr
		}
	}
	return nil
}

// failures lists the peers that failed.
func failures(results []*Result) []string {
	var all []string
	for _, r := range results {
		for _, pr := range r.Peers {
			if pr.Error != "" {
				all = append(all, fmt.Sprintf("%s, %s: %s", r.Name, pr.Name, pr.Error))
			}
		}
	}
	return all
}

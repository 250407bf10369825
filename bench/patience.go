package main

import "time"

// disturbed is the share of the CPUs, in percent, from which on the work of
// other processes spoils a measurement.
const disturbed = 10

// patience measures again what other processes have disturbed, as long as there
// is time left. It looks at the others' CPU time, not at results: these are
// chosen by nothing else.
type patience struct {
	left  time.Duration
	again int // how many measurements were thrown away
	read  func() (busy, bool)
}

// measure returns the last sample of m. Of a peer with a daemon that goes on,
// whose CPU time looks like another process's, it is the first.
func (p *patience) measure(of Peer, m func() (Sample, error)) (Sample, error) {
	_, goesOn := of.(lifePeer)
	for {
		before, watched := p.read()
		sample, err := m()
		after, _ := p.read()
		if err != nil || goesOn || !watched || p.left <= 0 || after.others(before) < disturbed {
			return sample, err
		}
		p.left -= after.at.Sub(before.at)
		p.again++
	}
}

package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/legion-go/legion/internal/passing"
)

// passed is what a process passes on to the next one, as JSON. The samples are
// as they are kept: a process that keeps them otherwise must use another
// format, and then begins anew.
type passed struct {
	Legion  string                 `json:"legion"` // "history 1"
	At      time.Time              `json:"at"`     // of the last second
	Seconds uint64                 `json:"seconds"`
	Lines   [len(tiers)]passedLine `json:"lines"`
	Pools   map[string]passedPool  `json:"pools"`
}

// passedLine tells of a tier, passedSeries of its samples. In all of them the
// newest one is the last, so that the lengths may differ.
type passedLine struct {
	Length  int       `json:"length"`
	End     time.Time `json:"end"`
	Missing []bool    `json:"missing"`
}

type passedSeries struct {
	Records [len(tiers)][]byte `json:"records"`
	States  [len(tiers)][]byte `json:"states"`
}

type passedPool struct {
	passedSeries
	Funcs map[string]passedSeries `json:"funcs"`
}

const passedFormat = "history 1"

// recallFor is for how many seconds the samples of a pool that does not run yet
// are kept.
const recallFor = 60

// past is what the previous process passed on, until all pools run.
type past struct {
	pools  map[string]passedPool
	number [len(tiers)]int // of the sample after its last one
	until  uint64          // the second
}

// of returns the samples of a function, or with "" of the pool.
func (p *past) of(pool, fn string) (s passedSeries, ok bool) {
	of, ok := p.pools[pool]
	if s = of.passedSeries; fn != "" && ok {
		s, ok = of.Funcs[fn]
	}
	return s, ok
}

// Memory is the history as something that is passed on.
func (h *History) Memory() passing.Memory {
	return passing.Memory{Name: "legion.history", What: "the history of pools", Most: 2 * limit, Pass: h.passOn, Take: h.take}
}

// passOn returns what the next process gets, nil if there is nothing. What was
// seen of a step that is not over is left out.
func (h *History) passOn() ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seconds == 0 {
		return nil, nil
	}
	p := passed{Legion: passedFormat, At: h.lines[0].end, Seconds: h.seconds, Pools: map[string]passedPool{}}
	for i := range h.lines {
		l := &h.lines[i]
		p.Lines[i] = passedLine{l.length, l.end, inOrder(l, l.missing)}
	}
	for n, of := range h.pools {
		pool := passedPool{passedSeries: h.pass(&of.series), Funcs: map[string]passedSeries{}}
		for i, f := range of.funcs {
			pool.Funcs[of.names[i]] = h.pass(f)
		}
		if n >= h.planned { // it is in its first second, and has no series of functions yet
			for fn, from := range h.past.pools[of.name].Funcs {
				pool.Funcs[fn] = h.pass(h.recalled(from))
			}
		}
		p.Pools[of.name] = pool
	}
	h.passLate(&p)
	return json.Marshal(p)
}

// passLate adds the pools that do not run yet, as far as there is room beside
// those that do: the next process takes no more.
func (h *History) passLate(p *passed) {
	size := 0
	for _, of := range p.Pools {
		size += of.size()
	}
	for _, name := range slices.Sorted(maps.Keys(h.past.pools)) {
		from := h.past.pools[name]
		if _, runs := p.Pools[name]; runs {
			continue
		}
		of := passedPool{passedSeries: h.pass(h.recalled(from.passedSeries)), Funcs: map[string]passedSeries{}}
		for fn, from := range from.Funcs {
			of.Funcs[fn] = h.pass(h.recalled(from))
		}
		if size += of.size(); size <= h.limit {
			p.Pools[name] = of
		}
	}
}

// size is how many bytes of samples there are.
func (p *passedPool) size() int {
	n := p.passedSeries.size()
	for _, f := range p.Funcs {
		n += f.size()
	}
	return n
}

func (p *passedSeries) size() (n int) {
	for i := range p.Records {
		n += len(p.Records[i]) + len(p.States[i])
	}
	return n
}

func (h *History) pass(s *series) (p passedSeries) {
	for i := range h.lines {
		for _, r := range inOrder(&h.lines[i], s.records[i]) {
			p.Records[i] = r.append(p.Records[i])
		}
		for _, t := range inOrder(&h.lines[i], s.states[i]) {
			p.States[i] = t.append(p.States[i])
		}
	}
	return p
}

// inOrder returns what is in a ring, the oldest first.
func inOrder[T any](l *line, ring []T) (all []T) {
	for n := l.number - l.kept(); n < l.number && ring != nil; n++ {
		all = append(all, ring[n%uint64(l.length)])
	}
	return all
}

// take takes what the previous process passed on. It trusts none of it, and
// comes before the first Tick. On an error the history stays empty.
func (h *History) take(b []byte) error {
	var p passed
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	if p.Legion != passedFormat {
		return fmt.Errorf("its format is %q, this program knows %q", p.Legion, passedFormat)
	}
	if err := p.check(); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seconds > 0 {
		return errors.New("there were samples already")
	}
	h.begin()
	h.last, h.seconds = p.At.Round(0), p.Seconds
	h.past = past{pools: p.Pools, until: p.Seconds + recallFor}
	for i, from := range p.Lines {
		l := &h.lines[i]
		*l = line{length: from.Length, number: uint64(len(from.Missing)), end: from.End, missing: make([]bool, from.Length), since: p.Seconds}
		copy(l.missing, from.Missing)
		h.past.number[i] = len(from.Missing)
	}
	return nil
}

func (p *passed) check() error {
	if p.Seconds == 0 || p.Seconds > 1<<40 {
		return fmt.Errorf("%d seconds", p.Seconds)
	}
	for i, l := range p.Lines {
		if l.Length < 1 || l.Length > tiers[i].length || len(l.Missing) > l.Length {
			return fmt.Errorf("%d samples of %d seconds, of %d", len(l.Missing), tiers[i].step, l.Length)
		}
	}
	for name, pool := range p.Pools {
		if err := p.checkSeries(pool.passedSeries); err != nil {
			return fmt.Errorf("pool %q: %w", name, err)
		}
		for fn, s := range pool.Funcs {
			if err := p.checkSeries(s); err != nil {
				return fmt.Errorf("function %q of pool %q: %w", fn, name, err)
			}
		}
	}
	return nil
}

func (p *passed) checkSeries(s passedSeries) error {
	for i, l := range p.Lines {
		most := len(l.Missing)
		if n := len(s.Records[i]); n%recordSize > 0 || n > most*recordSize {
			return fmt.Errorf("%d bytes of what came of calls, for %d samples", n, most)
		}
		if n := len(s.States[i]); n%stateSize > 0 || n > most*stateSize {
			return fmt.Errorf("%d bytes of its states, for %d samples", n, most)
		}
	}
	return nil
}

// recalled makes a series of the samples that the previous process passed on,
// an empty one if there are none.
func (h *History) recalled(from passedSeries) *series {
	s := &series{}
	for i := range h.lines {
		l, end := &h.lines[i], h.past.number[i]
		s.records[i] = recall(l, end, from.Records[i], recordSize, readRecord)
		s.states[i] = recall(l, end, from.States[i], stateSize, readState)
	}
	return s
}

// recall makes the ring of a line from samples of so many bytes, of which end
// is the number of the one after the last. Some of them may be too old by now.
func recall[T any](l *line, end int, from []byte, size int, read func([]byte) T) (ring []T) {
	for n := end - len(from)/size; n < end; n, from = n+1, from[size:] {
		if n < 0 || n+l.length < int(l.number) {
			continue
		}
		if ring == nil {
			ring = make([]T, l.length)
		}
		ring[n%l.length] = read(from)
	}
	return ring
}

// forget lets go of what no pool has asked for. If that was of more pools than
// there are now, there may be room for more samples.
func (h *History) forget() {
	if h.past.pools == nil || h.seconds < h.past.until {
		return
	}
	h.past = past{}
	if lengths := h.lengths(); lengths[0] > h.lines[0].length {
		h.lengthen(lengths)
		h.planned = 0
		h.makeRoom()
	}
}

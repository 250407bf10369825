package meters

import (
	"math"
	"unsafe"
)

// Worker is what the daemon knows of the counts of one living worker.
type Worker struct {
	pool   *pool
	region func(read func(mem []byte)) // calls read with the region, if there is one
	seen   map[string]*seen            // by key
	of     map[*Instrument]int         // how many of each
}

// seen is one series of a worker: each word as it was when it was seen last, or
// when it was highest; see later.
type seen struct {
	sum   *sum // of the pool, that it counts in
	words []uint64
}

// Join begins to count a worker of a pool. region calls its argument with the
// memory given to the worker, guarded against faults, or does nothing if there
// is none. It must work until Leave has returned.
func Join(poolName string, region func(read func(mem []byte))) *Worker {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	w := &Worker{pool: poolLocked(poolName), region: region, seen: map[string]*seen{}, of: map[*Instrument]int{}}
	w.pool.workers[w] = true
	return w
}

// Leave reads the region the last time, and keeps what the worker has counted
// for good. The process must have ended.
func (w *Worker) Leave() {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	w.refreshLocked()
	for _, s := range w.seen {
		if s.sum.of.Kind != Gauge {
			s.sum.add(s.sum.gone, s.words)
		}
	}
	delete(w.pool.workers, w)
}

// Take reads the payload of a frame with records. An error is a violation of
// the protocol.
func (w *Worker) Take(payload []byte) error {
	mem := make([]uint64, (len(payload)+7)/8) // aligned
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(mem))), len(payload))
	copy(b, payload)
	registry.mu.Lock()
	defer registry.mu.Unlock()
	return read(b, mostLocked(), w.takeLocked)
}

// refreshLocked reads the region.
func (w *Worker) refreshLocked() {
	w.region(func(mem []byte) { _ = read(mem, mostLocked(), w.takeLocked) })
}

// takeLocked takes the words of a record, or passes it over.
func (w *Worker) takeLocked(r record) {
	s := w.seen[string(r.key)]
	if s == nil {
		if s = w.meetLocked(r); s == nil {
			return
		}
		w.seen[string(r.key)] = s
	}
	if len(s.words) != len(r.words) {
		return
	}
	for n := range s.words {
		s.words[n] = s.sum.of.later(n, s.words[n], r.words[n].Load())
	}
}

// meetLocked finds out what a series counts that was not seen before.
func (w *Worker) meetLocked(r record) *seen {
	i := registry.byID[r.id()]
	if i == nil || len(r.words) != i.words || w.of[i] > MaxSeries {
		return nil
	}
	values := r.values(len(i.Labels))
	if values == nil {
		return nil
	}
	w.of[i]++
	return &seen{w.pool.sumLocked(i, values), make([]uint64, i.words)}
}

// later returns what a word says that was before and is now.
func (i *Instrument) later(word int, before, now uint64) uint64 {
	if !i.isFloat(word) {
		return max(before, now)
	}
	f := math.Float64frombits(now)
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return before
	case i.Kind == Gauge || f > math.Float64frombits(before):
		return now
	}
	return before
}

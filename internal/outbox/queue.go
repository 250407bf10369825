package outbox

import "slices"

// recordCost is the memory of a record besides its bytes.
const recordCost = 8

// queue holds records in order, in two pieces of memory: new records go into
// one, while the other is passed on. It has no lock of its own. The result of
// next stays valid until consume or drop, even if records are put in the
// meantime: so the goroutine takes it under a lock, releases the lock, and
// passes it on.
type queue struct {
	limit int    // bytes that may wait, plus recordCost for each record
	size  int    // that wait
	came  uint64 // records put
	went  uint64 // of these, consumed or dropped
	in    piece
	out   piece
}

// piece holds records one after another.
type piece struct {
	mem  []byte
	ends []int // where each record ends in mem
	head int   // bytes of mem already passed on
	gone int   // records completely passed on
}

// put appends a copy of record. It returns false, and changes nothing, if there
// is no room for it.
func (q *queue) put(record []byte) bool {
	cost := len(record) + recordCost
	if cost > q.limit-q.size {
		return false
	}
	q.size += cost
	q.came++
	q.in.mem = append(q.in.mem, record...)
	q.in.ends = append(q.in.ends, len(q.in.mem))
	return true
}

// len returns how many records wait.
func (q *queue) len() int { return int(q.came - q.went) }

func (p *piece) len() int { return len(p.ends) - p.gone }

// next returns the oldest records: whole ones, at most limit bytes, but at
// least one record; nil if no record waits.
func (q *queue) next(limit int) []byte {
	if q.out.len() == 0 {
		q.out.mem, q.out.ends = q.out.mem[:0], q.out.ends[:0]
		q.out.head, q.out.gone = 0, 0
		q.in, q.out = q.out, q.in
	}
	p := &q.out
	if p.len() == 0 {
		return nil
	}
	waiting := p.ends[p.gone:]
	fit, exact := slices.BinarySearch(waiting, p.head+limit)
	if exact {
		fit++
	}
	return p.mem[p.head:waiting[max(fit, 1)-1]]
}

// consume removes the first n bytes of the result of next, and returns how many
// records end within them.
func (q *queue) consume(n int) (records int) {
	p := &q.out
	p.head += n
	for p.len() > 0 && p.ends[p.gone] <= p.head {
		p.gone++
		records++
	}
	q.size -= n + records*recordCost
	q.went += uint64(records)
	return records
}

// drop removes the rest of the oldest record.
func (q *queue) drop() { q.consume(q.out.ends[q.out.gone] - q.out.head) }

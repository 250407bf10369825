package meters

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"
)

// The region is a list of records, each of one series:
//
//	0   u32 size of the record in bytes, a multiple of 8; 0: the list ends here
//	4   u32 length of the values in bytes
//	8   u64 id of the instrument's shape
//	16  values: u8 length, bytes; for each label. Zeros up to a multiple of 8
//	…   u64 words of the series
//
// The worker writes the size last, after all else. It never moves or removes a
// record. Words are in the machine's byte order, as atomic operations have it;
// the rest is little endian.
const recordHead = 16

// Size returns how many bytes the region of a worker needs for all instruments
// that are declared. It is 0 if there are none. Most of it is never touched,
// and so never gets memory.
func Size() (n int) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	for _, i := range registry.list {
		series := 1
		if len(i.Labels) > 0 {
			series = MaxSeries + 1
		}
		n += series * recordSize(len(i.Labels)*(1+MaxValue), i.words)
	}
	return n
}

func recordSize(values, words int) int { return recordHead + (values+7)&^7 + 8*words }

// region is the worker's end.
type region struct {
	mem      []byte
	used     int
	ready    int                // up to here, memory was allocated
	allocate func([]byte) error // gets memory for pages, so that no access can fail
}

// Attach makes all series of this process count in mem, which is zero and
// aligned to a page, and which stays mapped until the process ends. allocate
// gets memory for a part of it. It is called once.
func Attach(mem []byte, allocate func([]byte) error) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	registry.region = &region{mem: mem, allocate: allocate}
	for _, i := range registry.list {
		for _, s := range i.seriesLocked() {
			old := s.words.Load()
			if w := registry.region.add(s); w != nil {
				s.words.Store(w)
				s.carry(old)
			}
		}
	}
}

// add publishes a record for a series, and returns its words; nil if there is
// no room or no memory.
func (r *region) add(s *Series) *words {
	size := recordSize(len(appendKey(nil, s.values)), s.of.words)
	if size > len(r.mem)-r.used || !r.prepare(r.used+size) {
		return nil
	}
	record := r.mem[r.used : r.used+size]
	r.used += size
	values := appendKey(record[:recordHead], s.values)[recordHead:]
	binary.LittleEndian.PutUint32(record[4:], uint32(len(values)))
	binary.LittleEndian.PutUint64(record[8:], s.of.id)
	w := words(unsafe.Slice((*atomic.Uint64)(unsafe.Pointer(&record[size-8*s.of.words])), s.of.words))
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&record[0])), uint32(size))
	return &w
}

// prepare gets memory up to byte end, whole pages.
func (r *region) prepare(end int) bool {
	if end <= r.ready {
		return true
	}
	const page = 4096
	to := min((end+page-1)&^(page-1), len(r.mem))
	if r.allocate(r.mem[r.ready:to]) != nil {
		return false
	}
	r.ready = to
	return true
}

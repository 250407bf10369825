package meters

import (
	"encoding/binary"
	"slices"
)

// Reporter tells a daemon that shares no memory with this worker what it has
// counted. One goroutine at a time uses it.
type Reporter struct {
	sent map[*words][]uint64 // as the daemon knows them
}

// Report calls send with records of all series that have changed since the last
// Report, in payloads of at most size bytes. A record that is larger is left
// out. It ends with the first error, which it returns.
func (r *Reporter) Report(size int, send func(payload []byte) error) error {
	if r.sent == nil {
		r.sent = map[*words][]uint64{}
	}
	var payload []byte
	for _, s := range used() {
		words := s.words.Load()
		now := make([]uint64, len(*words))
		for n := range now {
			now[n] = (*words)[n].Load()
		}
		if slices.Equal(now, r.sent[words]) {
			continue
		}
		record := appendRecord(nil, s, now)
		if len(record) > size {
			continue
		}
		if len(payload)+len(record) > size {
			if err := send(payload); err != nil {
				return err
			}
			payload = payload[:0]
		}
		payload = append(payload, record...)
		r.sent[words] = now
	}
	if len(payload) == 0 {
		return nil
	}
	return send(payload)
}

func used() (all []*Series) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	for _, i := range registry.list {
		all = append(all, i.seriesLocked()...)
	}
	return all
}

// appendRecord appends a record as it would lie in the region.
func appendRecord(b []byte, s *Series, words []uint64) []byte {
	values := appendKey(nil, s.values)
	b = binary.NativeEndian.AppendUint32(b, uint32(recordSize(len(values), len(words))))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(values)))
	b = binary.LittleEndian.AppendUint64(b, s.of.id)
	b = append(b, values...)
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	for _, w := range words {
		b = binary.NativeEndian.AppendUint64(b, w)
	}
	return b
}

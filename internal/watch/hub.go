package watch

import (
	"sync"
	"time"

	"github.com/legion-go/legion/internal/strictjson"
)

// Source looks at the daemon. It calls put for each value of the topics that
// are wanted; pool is the one that the value belongs to, "" for none. It is
// called by one goroutine at a time, and must not wait long: viewers wait for
// it.
type Source func(wanted func(topic string) bool, put func(topic, key, pool string, value any))

// Hub has the viewers of a daemon. Make one with [New].
type Hub struct {
	source Source
	began  time.Time

	taking sync.Mutex // held while a snapshot is taken

	mu      sync.Mutex
	viewers map[*viewer]struct{}
	topics  map[string]*topic // those that are viewed
	number  uint64            // of the last snapshot
	taken   time.Time         // when it was complete
}

// New returns a hub without viewers, which does nothing.
func New(source Source) *Hub {
	return &Hub{source: source, began: time.Now(), viewers: map[*viewer]struct{}{}, topics: map[string]*topic{}}
}

// refresh takes a snapshot, unless there is one of every topic that is not
// older than age. Who waits for one that is being taken gets that one, however
// long it takes.
func (h *Hub) refresh(age time.Duration) {
	h.taking.Lock()
	defer h.taking.Unlock()
	wanted, fresh := h.wanted(age)
	if fresh {
		return
	}
	found := map[string]map[string]entry{}
	for name := range wanted {
		found[name] = map[string]entry{}
	}
	at := time.Now()
	h.source(func(topic string) bool { return found[topic] != nil }, func(topic, key, pool string, value any) {
		text, err := strictjson.Marshal(value)
		if err != nil { // of a value that a plugin made
			text, _ = strictjson.Marshal(err.Error())
		}
		found[topic][key] = entry{value: text, pool: pool}
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.number++
	h.taken = time.Now()
	for name, values := range found {
		t := h.topics[name]
		if t == nil {
			t = &topic{entries: map[string]entry{}, items: map[audience][]byte{}}
			h.topics[name] = t
		}
		t.take(h.number, h.told(name), at, values)
	}
}

// wanted returns the topics that are viewed, and whether the last snapshot has
// all of them and is not older than age. It forgets topics that no viewer
// views.
func (h *Hub) wanted(age time.Duration) (names map[string]bool, fresh bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	names, fresh = map[string]bool{}, h.number > 0 && time.Since(h.taken) < age
	for v := range h.viewers {
		for _, name := range v.topics {
			names[name] = true
			fresh = fresh && h.topics[name] != nil
		}
	}
	for name := range h.topics {
		if !names[name] {
			delete(h.topics, name)
		}
	}
	return names, fresh
}

// told is the number of the last snapshot of a topic that all its viewers have
// seen.
func (h *Hub) told(name string) uint64 {
	told := h.number
	for v := range h.viewers {
		if seen, views := v.seen[name]; views {
			told = min(told, seen)
		}
	}
	return told
}

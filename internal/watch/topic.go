package watch

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/status"
)

// topic is what is known of one topic. It is guarded by Hub.mu.
type topic struct {
	at      time.Time // of the last snapshot
	changed uint64    // the last snapshot that brought a change
	entries map[string]entry
	gone    int                 // how many of the entries have no value
	cut     uint64              // values that went until this snapshot are forgotten
	items   map[audience][]byte // what the last snapshot is to viewers; nil for nothing new
}

// audience are viewers that get the same item.
type audience struct {
	seen uint64 // the snapshot that they know
	pool string // what they want to see
}

// mostGone is how many values that have gone are remembered for viewers that
// look seldom. With more, these get everything anew.
const mostGone = 1000

// entry is a value of a topic. Without a value it is what is left of one that
// has gone, until each viewer has been told.
type entry struct {
	value   json.RawMessage // never written to
	pool    string          // whose it is; "" for what belongs to no pool
	changed uint64          // the number of the snapshot
}

// take merges a snapshot. told is the number of the last snapshot that all
// viewers have seen.
func (t *topic) take(number, told uint64, at time.Time, found map[string]entry) {
	t.at = at
	clear(t.items)
	for key, e := range found {
		old, known := t.entries[key]
		if known && bytes.Equal(old.value, e.value) {
			continue
		}
		if known && old.value == nil {
			t.gone--
		}
		e.changed, t.changed = number, number
		t.entries[key] = e
	}
	if t.gone > mostGone && told < number-1 {
		told, t.cut = number-1, number-1
	}
	for key, old := range t.entries {
		if _, there := found[key]; there {
			continue
		}
		switch {
		case old.value != nil:
			old.value, old.changed, t.changed = nil, number, number
			t.entries[key] = old
			t.gone++
		case old.changed <= told:
			delete(t.entries, key)
			t.gone--
		}
	}
}

// item is what since returns, as JSON, encoded once for all who get it.
func (t *topic) item(name string, to audience) []byte {
	text, known := t.items[to]
	if !known {
		if c, ok := t.since(name, to.seen, to.pool); ok {
			text = encoded(c)
		}
		t.items[to] = text
	}
	return text
}

// encoded returns a change as JSON. Its values are JSON already, so it cannot
// fail.
func encoded(c status.Change) []byte {
	text, _ := strictjson.Marshal(c)
	return text
}

// since returns what a viewer of one pool, or with "" of all, does not know
// that has seen the snapshot of that number; 0 is none. ok is false if there is
// nothing new.
func (t *topic) since(name string, seen uint64, pool string) (c status.Change, ok bool) {
	c = status.Change{Topic: name, At: t.at, Full: seen == 0 || seen < t.cut}
	if !c.Full && t.changed <= seen {
		return c, false
	}
	c.Set = map[string]json.RawMessage{}
	for key, e := range t.entries {
		switch {
		case e.changed <= seen && !c.Full, pool != "" && e.pool != "" && e.pool != pool:
		case e.value != nil:
			c.Set[key] = e.value
		case !c.Full:
			c.Gone = append(c.Gone, key)
		}
	}
	return c, c.Full || len(c.Set)+len(c.Gone) > 0
}

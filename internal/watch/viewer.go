package watch

import (
	"context"
	"time"
)

// View is what a viewer wants.
type View struct {
	Topics []string      // of the hub's source, each once
	Lists  []List        // topics that are lists
	Pool   string        // only what belongs to it, or to no pool; "": all
	Every  time.Duration // between two items of a topic
}

// viewer is a client that views something. seen is guarded by Hub.mu.
type viewer struct {
	topics []string
	seen   map[string]uint64 // by topic, the snapshot that it has been sent; 0 for none
}

// View sends what the view asks for until ctx ends, when it returns nil, or
// send fails, whose error it returns. First comes everything there is, then
// what changes, of each topic at most once in v.Every: while send blocks,
// changes are merged. An item is a [status.Change] as JSON; send must not
// change it, since other viewers get it too.
func (h *Hub) View(ctx context.Context, v View, send func(item []byte) error) error {
	one := &viewer{topics: v.Topics, seen: map[string]uint64{}}
	h.mu.Lock()
	for _, name := range v.Topics {
		one.seen[name] = 0
	}
	h.viewers[one] = struct{}{}
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if delete(h.viewers, one); len(h.viewers) == 0 {
			clear(h.topics)
		}
	}()
	turn := time.NewTimer(0)
	defer turn.Stop()
	for first := true; ; first = false {
		if len(v.Topics) > 0 {
			h.refresh(min(v.Every, time.Second) / 2) // another viewer may have taken it just now
		}
		for _, item := range h.news(one, v.Pool) {
			if err := send(item); err != nil {
				return err
			}
		}
		for _, l := range v.Lists {
			if c, ok := l.news(first); ok {
				if err := send(encoded(c)); err != nil {
					return err
				}
			}
		}
		// All have their turns together, so that one snapshot serves them.
		turn.Reset(v.Every - time.Since(h.began)%v.Every)
		select {
		case <-turn.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// news returns what a viewer has not been sent.
func (h *Hub) news(one *viewer, pool string) (all [][]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range one.topics {
		t := h.topics[name]
		if t == nil {
			continue
		}
		if item := t.item(name, audience{one.seen[name], pool}); item != nil {
			all = append(all, item)
		}
		one.seen[name] = h.number
	}
	return all
}

package watch

import (
	"encoding/json"
	"time"

	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/status"
)

// List is a topic that is a list: what happens, one after the other. Take
// returns what came since it was called last, bounded, and how many were left
// out before the last of these.
type List struct {
	Topic string
	Take  func() (items []any, missed uint64)
}

// news is an item with what came; ok is false if nothing did. The first item
// comes in any case: a viewer then knows that there was nothing.
func (l List) news(first bool) (c status.Change, ok bool) {
	items, missed := l.Take()
	if len(items) == 0 && missed == 0 && !first {
		return c, false
	}
	c = status.Change{Topic: l.Topic, At: time.Now(), Add: []json.RawMessage{}, Missed: missed}
	for _, item := range items {
		text, err := strictjson.Marshal(item)
		if err != nil {
			text, _ = strictjson.Marshal(err.Error())
		}
		c.Add = append(c.Add, text)
	}
	return c, true
}

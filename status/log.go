package status

import (
	"encoding/json"
	"log/slog"
	"math"
	"time"

	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/internal/text"
)

// LogRecord is a record of the daemon's log as the control socket sends it.
type LogRecord struct {
	Time    time.Time `json:"time"`
	Level   string    `json:"level"`
	Message string    `json:"message"`
	Attrs   LogAttrs  `json:"attrs"`
}

// LogAttrs are the attributes of a record: in JSON an object, in their order.
type LogAttrs []slog.Attr

// MarshalJSON writes the object. If attributes have the same name, the last one
// counts.
func (a LogAttrs) MarshalJSON() ([]byte, error) {
	last := map[string]int{}
	for i, attr := range a {
		last[attr.Key] = i
	}
	b := []byte{'{'}
	for i, attr := range a {
		if last[attr.Key] != i {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		name, err := strictjson.Marshal(attr.Key)
		if err != nil {
			return nil, err
		}
		value, err := attrJSON(attr.Value)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, name...), ':'), value...)
	}
	return append(b, '}'), nil
}

// attrJSON writes a value in readable form: a duration is "1.5s".
func attrJSON(v slog.Value) (json.RawMessage, error) {
	switch v.Kind() {
	case slog.KindGroup:
		return LogAttrs(v.Group()).MarshalJSON()
	case slog.KindBool, slog.KindInt64, slog.KindUint64:
		return strictjson.Marshal(v.Any())
	case slog.KindFloat64:
		if f := v.Float64(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return strictjson.Marshal(f)
		}
	case slog.KindTime:
		if t := v.Time(); text.Encodable(t) {
			return strictjson.Marshal(t)
		}
	case slog.KindAny:
		if v.Any() == nil {
			return json.RawMessage("null"), nil
		}
	}
	return strictjson.Marshal(v.String())
}

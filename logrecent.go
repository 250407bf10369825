package legion

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/legion-go/legion/internal/strictjson"
)

// LogRecord is a record of the daemon's log as the control socket tells it.
type LogRecord struct {
	Time    time.Time `json:"time"`
	Level   string    `json:"level"`
	Message string    `json:"message"`
	Attrs   LogAttrs  `json:"attrs"`

	level slog.Level
	size  int
}

// LogAttrs are the attributes of a record: in JSON an object, in their order.
type LogAttrs []slog.Attr

// MarshalJSON writes the object. Of attributes with the same name the last counts.
func (a LogAttrs) MarshalJSON() ([]byte, error) {
	last := map[string]int{}
	for i, attr := range a {
		last[attr.Key] = i
	}
	b := []byte{'{'}
	for i, attr := range a {
		if last[attr.Key] != i || attr.Equal(slog.Attr{}) {
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

// attrJSON writes a value as a reader would want it: a duration is "1.5s".
func attrJSON(v slog.Value) (json.RawMessage, error) {
	switch v.Kind() {
	case slog.KindGroup:
		return LogAttrs(v.Group()).MarshalJSON()
	case slog.KindBool, slog.KindInt64, slog.KindUint64:
		return strictjson.Marshal(v.Any())
	case slog.KindTime:
		return strictjson.Marshal(v.Time())
	}
	return strictjson.Marshal(v.String())
}

const (
	// recentRecords and recentBytes bound what is remembered of the log.
	recentRecords = 1000
	recentBytes   = 512 << 10
)

// recentLog remembers the last records, and shows them to those who follow.
type recentLog struct {
	followers[LogRecord]
	kept  []LogRecord
	bytes int
}

// add remembers a record that has everything in it.
func (l *recentLog) add(r slog.Record) {
	e := recordOf(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, e)
	l.bytes += e.size
	drop := 0
	for len(l.kept)-drop > recentRecords || l.bytes > recentBytes && len(l.kept)-drop > 1 {
		l.bytes -= l.kept[drop].size
		drop++
	}
	clear(l.kept[:drop])
	l.kept = l.kept[drop:]
	l.offerLocked(e)
}

// recordOf is r as the control socket tells it.
func recordOf(r slog.Record) LogRecord {
	e := LogRecord{Time: r.Time, Level: r.Level.String(), Message: r.Message, Attrs: LogAttrs{}, level: r.Level, size: recordSize(r) + 64}
	r.Attrs(func(a slog.Attr) bool {
		e.Attrs = append(e.Attrs, a)
		return true
	})
	return e
}

// tail returns the last records, not more than lines, of level or above.
func (l *recentLog) tail(lines int, level slog.Level) []LogRecord {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tailLocked(lines, level)
}

func (l *recentLog) tailLocked(lines int, level slog.Level) []LogRecord {
	all := []LogRecord{}
	for i := len(l.kept) - 1; i >= 0 && len(all) < lines; i-- {
		if l.kept[i].level >= level {
			all = append(all, l.kept[i])
		}
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

// follow is tail, and a follower that sees what comes after that.
func (l *recentLog) follow(lines int, level slog.Level) ([]LogRecord, *follower[LogRecord]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tailLocked(lines, level), l.addLocked()
}

// missedRecords says that a client was too slow for the log.
func missedRecords(n uint64) LogRecord {
	return LogRecord{
		Time: time.Now(), Level: slog.LevelWarn.String(), Attrs: LogAttrs{}, level: slog.LevelWarn,
		Message: fmt.Sprintf("%d records are left out here: this client is too slow for them", n),
	}
}

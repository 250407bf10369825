package logs

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/internal/follow"
	"github.com/legion-go/legion/internal/text"
	"github.com/legion-go/legion/status"
)

const (
	// recentRecords and recentBytes bound the remembered part of the log.
	recentRecords = 1000
	recentBytes   = 512 << 10

	// longestRecent is how many bytes of a record's text are remembered.
	longestRecent = 16 << 10
)

// remembered is a remembered record.
type remembered struct {
	status.LogRecord
	level slog.Level
	size  int // its approximate memory, in bytes
}

// recent remembers the last records, and shows them to followers.
type recent struct {
	off  atomic.Bool
	feed follow.Feed[remembered]

	mu    sync.Mutex // held while a record is added and shown
	kept  []remembered
	bytes int
}

// on reports whether to remember records.
func (l *recent) on() bool { return !l.off.Load() }

// Forget stops remembering records: no client can ask for them.
func (l *Log) Forget() { l.recent.forget() }

func (l *recent) forget() {
	l.off.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept, l.bytes = nil, 0
}

// add remembers a complete record.
func (l *recent) add(r slog.Record) {
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
	l.feed.Offer(e)
}

// recordOf is r in the form of the control socket.
func recordOf(r slog.Record) remembered {
	room := longestRecent
	e := remembered{level: r.Level, LogRecord: status.LogRecord{Time: r.Time, Level: r.Level.String(), Message: text.Shorten(r.Message, room), Attrs: status.LogAttrs{}}}
	if !text.Encodable(e.Time) {
		e.Time = time.Time{}
	}
	room -= len(e.Message)
	r.Attrs(func(a slog.Attr) bool {
		e.Attrs = appendRecent(e.Attrs, a, &room)
		return room > 0
	})
	if room <= 0 {
		e.Attrs = append(e.Attrs, slog.String("cut", "the record is longer than what is remembered of it"))
	}
	e.size = longestRecent - room + 160
	return e
}

// appendRecent appends an attribute in a form that can be encoded, as far as
// there is room.
func appendRecent(all status.LogAttrs, a slog.Attr, room *int) status.LogAttrs {
	if a.Equal(slog.Attr{}) || *room <= 0 {
		return all
	}
	if k := a.Value.Kind(); k == slog.KindAny || k == slog.KindLogValuer { // added by a handler of *Log
		a = settled(a)
	}
	a.Key = text.Shorten(a.Key, *room)
	*room -= len(a.Key) + 48 // the rest of an attribute
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(text.Shorten(a.Value.String(), *room))
		*room -= len(a.Value.String())
	case slog.KindGroup:
		var inner status.LogAttrs
		for _, in := range a.Value.Group() {
			inner = appendRecent(inner, in, room)
		}
		switch {
		case len(inner) == 0:
			return all
		case a.Key == "": // its attributes belong to the group around it
			return append(all, inner...)
		}
		a.Value = slog.GroupValue(inner...)
	}
	return append(all, a)
}

// Tail returns the last records of level or above, at most lines of them.
func (l *Log) Tail(lines int, level slog.Level) []status.LogRecord {
	l.recent.mu.Lock()
	defer l.recent.mu.Unlock()
	all := []status.LogRecord{}
	for _, r := range l.recent.tailLocked(lines, level) {
		all = append(all, r.LogRecord)
	}
	return all
}

// tailLocked is Tail, under the lock.
func (l *recent) tailLocked(lines int, level slog.Level) (all []remembered) {
	for i := len(l.kept) - 1; i >= 0 && len(all) < lines; i-- {
		if l.kept[i].level >= level {
			all = append(all, l.kept[i])
		}
	}
	slices.Reverse(all)
	return all
}

// Follow sends what Tail returns, and then each record as it comes, until ctx
// ends, when it returns nil, or send fails, whose error it returns.
func (l *Log) Follow(ctx context.Context, lines int, level slog.Level, send func(status.LogRecord) error) error {
	show := func(r remembered) error { return send(r.LogRecord) }
	past, f := l.recent.follow(lines, level)
	defer l.recent.feed.Remove(f)
	for _, r := range past {
		if err := show(r); err != nil {
			return err
		}
	}
	return f.Run(ctx, show, missed)
}

// Watch returns a function that does not wait: it returns the records that came
// since it was called last, at first those that Tail returns, and how many were
// left out before the last of these. end must be called once.
func (l *Log) Watch(lines int, level slog.Level) (take func() ([]status.LogRecord, uint64), end func()) {
	past, f := l.recent.follow(lines, level)
	return func() (all []status.LogRecord, missed uint64) {
		items, missed := f.Take()
		for _, r := range append(past, items...) {
			all = append(all, r.LogRecord)
		}
		past = nil
		return all, missed
	}, func() { l.recent.feed.Remove(f) }
}

// follow returns the tail, and a follower of the records after it.
func (l *recent) follow(lines int, level slog.Level) ([]remembered, *follow.Follower[remembered]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tailLocked(lines, level), l.feed.Add(func(r remembered) bool { return r.level >= level })
}

// missed is the record that tells a client how many it was too slow for.
func missed(n uint64) remembered {
	return remembered{
		LogRecord: status.LogRecord{
			Time: time.Now(), Level: slog.LevelWarn.String(), Attrs: status.LogAttrs{},
			Message: fmt.Sprintf("%d records are left out here: this client is too slow for them", n),
		},
		level: slog.LevelWarn,
	}
}

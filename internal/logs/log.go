package logs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/internal/outbox"
	"github.com/legion-go/legion/internal/pace"
	"github.com/legion-go/legion/status"
)

const (
	// maxKept is how many records may wait for the log to be opened.
	maxKept = 1000

	// closeGrace is how long Close waits for waiting records to be written.
	closeGrace = time.Second

	// Everything is below all levels.
	Everything = slog.Level(math.MinInt)
)

// ErrClosed is returned by Open after Close.
var ErrClosed = errors.New("the log is closed")

// Log is a daemon's log: all loggers derived from its Logger write to it. It
// never waits for a disk, a pipe or a socket. Until it is opened, it keeps
// records.
//
//	Logger → front: level → [handlers? handled: loop] → deliver → target → writer
//
// Order of locks: mu, which is held while kept records are delivered, then the
// locks of handled, recent, the writers and the limits, each held briefly.
type Log struct {
	*slog.Logger // of the daemon

	config Config // changed by Configure, before Open
	base   *front // which adds nothing to a record
	level  slog.LevelVar
	target atomic.Pointer[target] // nil until the log is opened
	handed atomic.Uint64          // records given to target
	levels levels                 // the same, by level
	lost   atomic.Uint64          // records that did not reach a writer

	handled handled  // records that wait for handlers
	recent  recent   // records that are remembered
	pauses  pace.Set // limits with something to report

	mu      sync.Mutex
	limits  map[string]*Limit // of LimitOf
	kept    []slog.Record     // until there is a target
	closed  bool
	writer  *outbox.Writer // nil with Config.Own, and until the log is opened
	console *outbox.Writer // nil without Config.Console, and until the log is opened
}

// target is where records go.
type target struct{ handler slog.Handler }

// New makes a log, and opens nothing: workers make one too.
func New(c Config, h Handlers) *Log {
	l := &Log{handled: handled{ask: h}}
	l.handled.log = l
	l.base = &front{log: l}
	l.Logger = slog.New(l.base)
	if !c.Worker {
		l.Logger = l.With("daemon", c.Name)
	}
	l.Configure(c)
	return l
}

// Configure replaces the configuration, except Name and Worker. It must not be
// called after Open.
func (l *Log) Configure(c Config) {
	l.config = c
	l.recent.off.Store(c.Worker) // the daemon remembers a worker's records
	level, to := c.Level, (*target)(nil)
	switch {
	case c.Worker:
		level = Everything // the daemon decides
	case c.Own != nil:
		to = &target{c.Own.Handler()}
		if level == 0 {
			level = Everything
		}
	}
	l.level.Set(level)
	if !c.Worker {
		l.target.Store(to)
	}
}

// SetLevel leaves out records below level from now on, those of workers too.
func (l *Log) SetLevel(level slog.Level) { l.level.Set(level) }

// Level returns the level below which records are left out.
func (l *Log) Level() slog.Level { return l.level.Level() }

// Open opens the log, once, and writes the kept records.
func (l *Log) Open() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if l.writer == nil && l.config.Own == nil {
		h, err := l.openLocked()
		if err != nil {
			return fmt.Errorf("the log: %w", err)
		}
		l.useLocked(h)
	}
	l.handled.live.Store(true)
	return nil
}

// useLocked sends the kept records to h, and all later ones.
func (l *Log) useLocked(h slog.Handler) {
	t := &target{h}
	for _, r := range l.kept {
		l.base.deliver(context.Background(), t, r)
	}
	l.kept = nil
	l.target.Store(t)
}

// keep keeps a record, complete with its attributes, until the log is opened.
func (l *Log) keep(r slog.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch t := l.target.Load(); {
	case t != nil: // opened meanwhile
		l.base.deliver(context.Background(), t, r)
	case len(l.kept) < maxKept:
		l.kept = append(l.kept, r)
	default:
		l.lost.Add(1)
	}
}

// write writes a record that is complete with its attributes. The log is open.
func (l *Log) write(r slog.Record) { l.base.deliver(context.Background(), l.target.Load(), r) }

// Reopen switches the log to the file that is now at its path.
func (l *Log) Reopen() {
	l.mu.Lock()
	w := l.writer
	l.mu.Unlock()
	if w != nil {
		w.Nudge()
	}
}

// Close writes the waiting records, for closeGrace at most, and closes the log.
// Later records are dropped. If the log was never opened, the kept records go
// to standard error.
func (l *Log) Close() error {
	l.pauses.Flush()
	l.handled.end()
	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	l.mu.Lock()
	l.closed = true
	if l.target.Load() == nil {
		l.useLocked(l.lastResort())
	}
	w, console := l.writer, l.console
	l.mu.Unlock()
	if console != nil {
		defer func() { _ = console.Close(ctx) }() // the error of the log itself counts
	}
	if w == nil {
		return nil
	}
	if err := w.Close(ctx); err != nil {
		return fmt.Errorf("close the log: %w", err)
	}
	return nil
}

// Stats returns the figures of the log.
func (l *Log) Stats() status.LogStats {
	l.mu.Lock()
	w := l.writer
	l.mu.Unlock()
	s := status.LogStats{Levels: l.levels.counts()}
	if level := l.Level(); level != Everything {
		s.Level = level.String()
	}
	if l.config.Own != nil {
		s.Written = l.handed.Load()
	}
	if w != nil {
		st := w.Stats()
		s.Written, s.Dropped = st.Written, st.Dropped
		if st.Err != nil {
			s.Failure = st.Err.Error()
		}
	}
	s.Dropped += l.lost.Load()
	return s
}

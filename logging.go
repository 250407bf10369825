package legion

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/internal/journal"
	"github.com/legion-go/legion/internal/logfile"
	"github.com/legion-go/legion/internal/logstream"
	"github.com/legion-go/legion/internal/outbox"
	"github.com/legion-go/legion/status"
)

// LogRotation has the daemon rotate its log file itself: it becomes name.1, what
// was name.1 becomes name.2, and so on. The zero LogRotation leaves rotation to
// others, logrotate for instance, which may rename, copy and truncate, or delete
// the file at any time.
type LogRotation struct {
	Size int64         // bytes that the file may have; 0 is no limit
	Age  time.Duration // that the file may reach; 0 is no limit
	Keep int           // how many rotated files are kept; default 5
}

// Values of Config.LogFormat.
const (
	formatText    = "text"
	formatJSON    = "json"
	formatJournal = "journal"
)

const (
	// maxKept is how many records may wait for the log to be opened.
	maxKept = 1000

	// logGrace is how long the end of a daemon waits for its log.
	logGrace = time.Second

	// everything is below all levels.
	everything = slog.Level(math.MinInt)
)

// journalSocket is journald's socket. Tests have one of their own.
var journalSocket = journal.DefaultPath

// logs is the daemon's log: d.log with all of its relatives leads here. Nothing
// in it waits for a disk, a pipe or a socket.
//
//	d.log → logFront: level → [a handler of *Log? logEvents: loop] → logTarget → writer
//
// Until it is opened, records are kept.
type logs struct {
	level  slog.LevelVar
	target atomic.Pointer[logTarget] // nil until the log is opened
	events logEvents
	recent recentLog
	handed atomic.Uint64 // records given to target
	lost   atomic.Uint64 // records that did not get as far as a writer

	mu      sync.Mutex
	kept    []slog.Record // until there is a target
	closed  bool
	writer  *outbox.Writer            // nil with Config.Logger, and until it is opened
	console *outbox.Writer            // nil without Config.LogConsole, and until it is opened
	muted   map[*recordLimit]struct{} // which have something to report
}

// logTarget is where records go.
type logTarget struct{ handler slog.Handler }

// checkLog checks the configuration of the log.
func (c *Config) checkLog(k *checks) {
	k.that(slices.Contains([]string{"", formatText, formatJSON, formatJournal}, c.LogFormat),
		"LogFormat", "is %q; it must be %q, %q or %q", c.LogFormat, formatText, formatJSON, formatJournal)
	k.that(c.Logger == nil || c.LogFile == "" && c.LogFormat == "", "Logger", "is set, and is used as it is: leave LogFile and LogFormat empty")
	k.that(c.Logger == nil || !c.LogConsole, "Logger", "is set, and is used as it is: leave LogConsole out")
	k.agree(c.LogFile == "" || c.LogFormat != formatJournal, "LogFormat", "LogFile", "is \"journal\", which is not written to a file: leave LogFile empty")
	for at := range fieldErrors(c.LogRotation.Validate()) {
		k.that(false, "LogRotation."+at.Field, "%s", at.Problem)
	}
	k.agree(c.LogRotation == LogRotation{} || c.LogFile != "", "LogRotation", "LogFile", "is for a LogFile, and there is none")
}

// Validate says what New would refuse, as Config.Validate does.
func (r LogRotation) Validate() error {
	k := checks{of: "LogRotation"}
	k.natural("Size", r.Size)
	k.natural("Keep", int64(r.Keep))
	k.duration("Age", r.Age, leastPatience)
	return k.err()
}

// newLog makes the daemon's logger. It opens nothing: New is called in workers
// too. There, what the daemon's own code logs travels to the daemon.
func (d *Daemon) newLog() *slog.Logger {
	d.setLog()
	front := slog.New(&logFront{d: d})
	if d.isWorker() {
		return front
	}
	return front.With("daemon", d.config.Name)
}

// setLog makes the level, and where records go, what the configuration says.
func (d *Daemon) setLog() {
	d.logs.level.Set(d.config.LogLevel)
	if d.isWorker() {
		d.logs.level.Set(everything) // the daemon decides
		return
	}
	if own := d.config.Logger; own != nil {
		if d.config.LogLevel == 0 {
			d.logs.level.Set(everything)
		}
		d.logs.target.Store(&logTarget{own.Handler()})
		return
	}
	d.logs.target.Store(nil)
}

// SetLogLevel has records below level left out from now on, those of workers
// too.
func (d *Daemon) SetLogLevel(level slog.Level) { d.logs.level.Set(level) }

// LogLevel returns the level below which records are left out. With a
// Config.Logger, which leaves out what it likes besides, it is the lowest that
// there is unless it was set.
func (d *Daemon) LogLevel() slog.Level { return d.logs.level.Level() }

// openLogs opens the log, once, and writes what has been kept for it. Where the
// daemon becomes another user it waits until that is done, so that the file is
// that user's.
func (d *Daemon) openLogs(dropped bool) error {
	if !dropped && (d.config.User != "" || d.config.Group != "") {
		return nil
	}
	l := &d.logs
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrStopped // came while the daemon started
	}
	if l.writer == nil && d.config.Logger == nil {
		w, stream, err := d.openWriter()
		if err != nil {
			return fmt.Errorf("the log: %w", err)
		}
		l.writer = w
		h := d.format(painted(w, stream))
		if d.config.console() {
			h = d.openConsoleLocked(h)
		}
		l.useLocked(h)
	}
	l.events.live.Store(true)
	return nil
}

// openWriter opens what the log is written to. stream is where that leads, if it
// is a stream and no file or socket.
func (d *Daemon) openWriter() (w *outbox.Writer, stream *os.File, err error) {
	c := &d.config
	o := outbox.Options{Dropped: d.droppedText, OnError: d.logFailed}
	switch {
	case c.LogFormat == formatJournal:
		sink, err := journal.Open(journalSocket)
		if err != nil {
			return nil, nil, err
		}
		o.Batch = 1
		return outbox.New(sink, o), nil, nil
	case c.LogFile == "":
		return d.openStream(logstream.New(os.Stderr))
	}
	switch sink, err := logstream.Open(c.LogFile); {
	case err != nil:
		return nil, nil, err
	case sink != nil:
		if c.LogRotation != (LogRotation{}) {
			_ = sink.Close()
			return nil, nil, fmt.Errorf("Config.LogRotation is for a file, and LogFile %s is none: leave it empty", c.LogFile)
		}
		return d.openStream(sink)
	}
	sink, err := logfile.Open(logfile.Options{
		Path: c.LogFile, MaxSize: c.LogRotation.Size, MaxAge: c.LogRotation.Age, Keep: c.LogRotation.Keep,
	})
	if err != nil {
		return nil, nil, err
	}
	return outbox.New(sink, o), nil, nil
}

func (d *Daemon) openStream(sink *logstream.Sink) (*outbox.Writer, *os.File, error) {
	o := outbox.Options{Buffer: logstream.Buffer, Batch: logstream.Batch, Dropped: d.droppedText}
	return outbox.New(sink, o), sink.File(), nil
}

// useLocked sends records to h from now on, those that have been kept first.
func (l *logs) useLocked(h slog.Handler) {
	t := &logTarget{h}
	for _, r := range l.kept {
		l.write(t, r)
	}
	l.kept = nil
	l.target.Store(t)
}

// useLink sends a worker's own records to the daemon.
func (l *logs) useLink(h slog.Handler) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.useLocked(h)
}

// keep keeps a record until the log is opened.
func (l *logs) keep(r slog.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch t := l.target.Load(); {
	case t != nil: // now it is
		l.write(t, r)
	case len(l.kept) < maxKept:
		l.kept = append(l.kept, r)
	default:
		l.lost.Add(1)
	}
}

// write gives a record, with all of its attributes in it, to t.
func (l *logs) write(t *logTarget, r slog.Record) {
	l.handed.Add(1)
	if l.recent.on() {
		l.recent.add(r)
	}
	_ = t.handler.Handle(context.Background(), r) // it has counted what went wrong
}

// reopenLogs makes the log file that now stands at its path the log.
func (d *Daemon) reopenLogs() {
	d.logs.mu.Lock()
	w := d.logs.writer
	d.logs.mu.Unlock()
	if w != nil {
		w.Nudge()
	}
}

// closeLogs writes what is not written yet, for logGrace at most, and closes the
// log. What comes later is dropped. If the log was never opened, what has been
// kept for it goes to standard error.
func (d *Daemon) closeLogs() error {
	l := &d.logs
	for _, m := range l.mutedNow() {
		m.report()
	}
	l.events.end(d)
	ctx, cancel := context.WithTimeout(context.Background(), logGrace)
	defer cancel()
	l.mu.Lock()
	l.closed = true
	if l.target.Load() == nil {
		l.useLocked(d.lastResort())
	}
	w, console := l.writer, l.console
	l.mu.Unlock()
	if console != nil {
		defer func() { _ = console.Close(ctx) }() // what counts is the log
	}
	if w == nil {
		return nil
	}
	if err := w.Close(ctx); err != nil {
		return fmt.Errorf("close the log: %w", err)
	}
	return nil
}

func (l *logs) mutedNow() (all []*recordLimit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for m := range l.muted {
		all = append(all, m)
	}
	return all
}

// format returns the handler that writes records to w in the log's format.
func (d *Daemon) format(w io.Writer) slog.Handler {
	switch d.config.LogFormat {
	case formatJSON:
		return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: everything})
	case formatJournal:
		return &journalHandler{to: w, identifier: d.config.Name}
	}
	return textHandler(w)
}

// lastResort returns the handler that writes to standard error what it takes at
// once.
func (d *Daemon) lastResort() slog.Handler {
	if d.config.LogFormat == formatJournal {
		return textHandler(logstream.AtOnce(os.Stderr))
	}
	return d.format(logstream.AtOnce(os.Stderr))
}

// droppedText is the record that says how many were dropped, in the log's format.
func (d *Daemon) droppedText(n uint64, why error) []byte {
	var b bytes.Buffer
	_ = d.format(&b).Handle(context.Background(), d.droppedRecord(n, why))
	return b.Bytes()
}

func (d *Daemon) droppedRecord(n uint64, why error) slog.Record {
	r := slog.NewRecord(time.Now(), slog.LevelWarn, "records of the log were dropped", 0)
	r.AddAttrs(slog.String("daemon", d.config.Name), slog.Uint64("records", n), slog.String("why", why.Error()))
	return r
}

// logFailed tells, where there is nothing better, that the log cannot be written.
func (d *Daemon) logFailed(err error) {
	r := slog.NewRecord(time.Now(), slog.LevelError, "the log cannot be written as it should", 0)
	r.AddAttrs(slog.String("daemon", d.config.Name), slog.Any("err", err))
	_ = d.lastResort().Handle(context.Background(), r)
}

// logStats returns the figures of the log.
func (d *Daemon) logStats() status.LogStats {
	l := &d.logs
	l.mu.Lock()
	w := l.writer
	l.mu.Unlock()
	s := status.LogStats{}
	if d.config.Logger != nil {
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

package logs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/legion-go/legion/internal/journal"
	"github.com/legion-go/legion/internal/logfile"
	"github.com/legion-go/legion/internal/logstream"
	"github.com/legion-go/legion/internal/outbox"
)

// JournalSocket is journald's socket. Tests use their own.
var JournalSocket = journal.DefaultPath

// openLocked opens the destination in the configuration, and returns the
// handler that writes to it.
func (l *Log) openLocked() (slog.Handler, error) {
	w, stream, err := l.openWriter()
	if err != nil {
		return nil, err
	}
	l.writer = w
	h := l.format(painted(w, stream))
	if l.config.console() {
		l.console = openStream(logstream.New(os.Stderr), func(n uint64, why error) []byte {
			var b bytes.Buffer
			_ = textHandler(&b).Handle(context.Background(), l.droppedRecord(n, why))
			return b.Bytes()
		})
		h = slog.NewMultiHandler(h, textHandler(painted(l.console, os.Stderr)))
	}
	return h, nil
}

// openWriter opens the log's destination. stream is its file if it is a stream,
// nil for a regular file or a socket.
func (l *Log) openWriter() (w *outbox.Writer, stream *os.File, err error) {
	c := &l.config
	o := outbox.Options{Dropped: l.droppedText, OnError: l.failed}
	switch {
	case c.Format == Journal:
		sink, err := journal.Open(JournalSocket)
		if err != nil {
			return nil, nil, err
		}
		o.Batch = 1
		return outbox.New(sink, o), nil, nil
	case c.File == "":
		return openStream(logstream.New(os.Stderr), l.droppedText), os.Stderr, nil
	}
	switch sink, err := logstream.Open(c.File); {
	case err != nil:
		return nil, nil, err
	case sink != nil && c.Rotation != Rotation{}:
		_ = sink.Close()
		return nil, nil, fmt.Errorf("Config.LogRotation is for a file, and LogFile %s is not one: leave it empty", c.File)
	case sink != nil:
		return openStream(sink, l.droppedText), sink.File(), nil
	}
	sink, err := logfile.Open(logfile.Options{
		Path: c.File, MaxSize: c.Rotation.Size, MaxAge: c.Rotation.Age, Keep: c.Rotation.Keep,
	})
	if err != nil {
		return nil, nil, err
	}
	return outbox.New(sink, o), nil, nil
}

func openStream(sink *logstream.Sink, dropped func(uint64, error) []byte) *outbox.Writer {
	return outbox.New(sink, outbox.Options{Buffer: logstream.Buffer, Batch: logstream.Batch, Dropped: dropped})
}

// format returns the handler that writes records to w in the log's format.
func (l *Log) format(w io.Writer) slog.Handler {
	switch l.config.Format {
	case JSON:
		return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: Everything})
	case Journal:
		return &journalHandler{to: w, identifier: l.config.Name}
	}
	return textHandler(w)
}

func textHandler(w io.Writer) slog.Handler {
	return slog.NewTextHandler(w, &slog.HandlerOptions{Level: Everything})
}

// lastResort returns a handler that writes to standard error as much as that
// takes at once.
func (l *Log) lastResort() slog.Handler {
	w := logstream.AtOnce(os.Stderr)
	if l.config.Format == Journal {
		return textHandler(w)
	}
	return l.format(w)
}

// LastResort writes a record to standard error, as much as that takes at once:
// for use when the log cannot be written, or is closed.
func (l *Log) LastResort(level slog.Level, message string, attrs ...slog.Attr) {
	_ = l.lastResort().Handle(context.Background(), l.record(level, message, attrs...))
}

// record makes a record of the log's own.
func (l *Log) record(level slog.Level, message string, attrs ...slog.Attr) slog.Record {
	r := slog.NewRecord(time.Now(), level, message, 0)
	r.AddAttrs(slog.String("daemon", l.config.Name))
	r.AddAttrs(attrs...)
	return r
}

// droppedText is the record that reports dropped ones, in the log's format.
func (l *Log) droppedText(n uint64, why error) []byte {
	var b bytes.Buffer
	_ = l.format(&b).Handle(context.Background(), l.droppedRecord(n, why))
	return b.Bytes()
}

func (l *Log) droppedRecord(n uint64, why error) slog.Record {
	return l.record(slog.LevelWarn, "records of the log were dropped", slog.Uint64("records", n), slog.String("why", why.Error()))
}

// failed reports, by the last resort, that the log cannot be written.
func (l *Log) failed(err error) {
	l.LastResort(slog.LevelError, "the log cannot be written as it should", slog.Any("err", err))
}

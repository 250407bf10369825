package logs

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/legion-go/legion/internal/journal"
)

// journalHandler makes journald's entries of records: MESSAGE, PRIORITY,
// SYSLOG_IDENTIFIER, and a field for each attribute, with the names of its
// groups before its own: "g.path" is G_PATH.
type journalHandler struct {
	to         io.Writer // gets one entry at a time
	identifier string
	fields     []byte // of WithAttrs
	prefix     string // of the open groups
}

// The front checks the level.
func (h *journalHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *journalHandler) Handle(_ context.Context, r slog.Record) error {
	entry := make([]byte, 0, 512)
	entry = journal.AppendField(entry, "MESSAGE", r.Message)
	entry = journal.AppendField(entry, "PRIORITY", priority(r.Level))
	entry = journal.AppendField(entry, "SYSLOG_IDENTIFIER", h.identifier)
	entry = append(entry, h.fields...)
	r.Attrs(func(a slog.Attr) bool {
		entry = appendAttrField(entry, h.prefix, a)
		return true
	})
	_, err := h.to.Write(entry)
	return err
}

func (h *journalHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	mine := *h
	mine.fields = slices.Clone(h.fields)
	for _, a := range attrs {
		mine.fields = appendAttrField(mine.fields, h.prefix, a)
	}
	return &mine
}

func (h *journalHandler) WithGroup(name string) slog.Handler {
	mine := *h
	mine.prefix += name + "."
	return &mine
}

// priority is syslog's number for a level.
func priority(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "3"
	case l >= slog.LevelWarn:
		return "4"
	case l >= slog.LevelInfo:
		return "6"
	}
	return "7"
}

func appendAttrField(entry []byte, prefix string, a slog.Attr) []byte {
	v := a.Value.Resolve()
	if a.Equal(slog.Attr{}) {
		return entry
	}
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, in := range v.Group() {
			entry = appendAttrField(entry, prefix, in)
		}
		return entry
	}
	name := journal.Name(prefix + a.Key)
	switch name {
	case "MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER": // the record's own
		name = "ATTR_" + name
	}
	if v.Kind() == slog.KindTime {
		return journal.AppendField(entry, name, v.Time().Format(time.RFC3339Nano))
	}
	return journal.AppendField(entry, name, settled(slog.Attr{Value: v}).Value.String())
}

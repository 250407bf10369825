package legion

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/worker"
)

// LogRotation makes the daemon rotate its log file itself: it becomes name.1,
// the previous name.1 becomes name.2, and so on. The zero LogRotation leaves
// rotation to other programs, such as logrotate, which may rename, copy and
// truncate, or delete the file at any time.
type LogRotation struct {
	Size int64         // the largest size of the file in bytes; 0 is no limit
	Age  time.Duration // the highest age of the file; 0 is no limit
	Keep int           // the number of rotated files to keep; default 5
}

// Validate returns the mistakes for which New would panic, as Config.Validate
// does.
func (r LogRotation) Validate() error {
	k := checks{of: "LogRotation"}
	k.natural("Size", r.Size)
	k.natural("Keep", int64(r.Keep))
	k.duration("Age", r.Age, leastPatience)
	return k.err()
}

// checkLog checks the configuration of the log.
func (c *Config) checkLog(k *checks) {
	k.that(slices.Contains([]string{"", logs.Text, logs.JSON, logs.Journal}, c.LogFormat),
		"LogFormat", "is %q; it must be %q, %q or %q", c.LogFormat, logs.Text, logs.JSON, logs.Journal)
	k.that(c.Logger == nil || c.LogFile == "" && c.LogFormat == "", "Logger", "is set, and is used unchanged: leave LogFile and LogFormat empty")
	k.that(c.Logger == nil || !c.LogConsole, "Logger", "is set, and is used unchanged: leave LogConsole out")
	k.agree(c.LogFile == "" || c.LogFormat != logs.Journal, "LogFormat", "LogFile", "is \"journal\", which is not written to a file: leave LogFile empty")
	for at := range fieldErrors(c.LogRotation.Validate()) {
		k.that(false, "LogRotation."+at.Field, "%s", at.Problem)
	}
	k.agree(c.LogRotation == LogRotation{} || c.LogFile != "", "LogRotation", "LogFile", "needs a LogFile, which is not set")
}

// Logger returns the logger for ctx. In a function that runs in a worker, its
// records arrive in the daemon's log, with the pool, the pid and the call, and
// an attribute of such a name is called worker.pid, for instance; in a function
// of the daemon's loop it is the daemon's own; with any other context it is
// slog.Default().
func Logger(ctx context.Context) *slog.Logger {
	if l := logs.OfLink(ctx, worker.Call(ctx)); l != nil {
		return l
	}
	if d, ok := ctx.Value(onLoop{}).(*Daemon); ok {
		return d.Logger()
	}
	return slog.Default()
}

// Logger returns the daemon's logger, for code without one of its contexts,
// such as another goroutine. It never blocks, unless Config.Logger does.
func (d *Daemon) Logger() *slog.Logger { return d.log.Logger }

// SetLogLevel sets the lowest level that is logged from now on, in workers too.
func (d *Daemon) SetLogLevel(level slog.Level) { d.log.SetLevel(level) }

// LogLevel returns the lowest level that is logged. With a Config.Logger, which
// has a level of its own, it is the lowest level possible unless it was set.
func (d *Daemon) LogLevel() slog.Level { return d.log.Level() }

// newLog makes the daemon's log. It opens nothing: New is called in workers
// too. There, the records of the daemon's own code travel to the daemon.
func (d *Daemon) newLog() *logs.Log {
	return logs.New(d.logConfig(), logs.Handlers{
		Wanted: func() bool { return d.events.bus.Count(reflect.TypeFor[*event.Log]()) },
		OnLoop: func() bool { return d.loop.OnLoop() },
		Post:   d.post,
		Handle: d.handleLog,
	})
}

func (d *Daemon) logConfig() logs.Config {
	c := &d.config
	return logs.Config{
		Name: c.Name, Worker: d.isWorker(), Level: c.LogLevel, Own: c.Logger, Format: c.LogFormat,
		File: c.LogFile, Rotation: logs.Rotation(c.LogRotation), Console: c.LogConsole && !c.Background,
	}
}

// handleLog calls the handlers of a Log event, and reports whether to write its
// record. It runs on the loop.
func (d *Daemon) handleLog(r *slog.Record) bool {
	about := &event.Log{Record: r}
	if emitCounted(d.life.Live(), d, about) || about.Record == nil {
		return false
	}
	*r = *about.Record
	return true
}

// openLogs opens the log. If the daemon switches to another user, it opens the
// log only after that, so that the file belongs to that user.
func (d *Daemon) openLogs(dropped bool) error {
	if !dropped && (d.config.User != "" || d.config.Group != "") {
		return nil
	}
	err := d.log.Open()
	if errors.Is(err, logs.ErrClosed) {
		return ErrStopped // during the start
	}
	return err
}

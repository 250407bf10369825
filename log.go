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

// LogRotation has the daemon rotate its log file itself: it becomes name.1,
// what was name.1 becomes name.2, and so on. The zero LogRotation leaves
// rotation to others, logrotate for instance, which may rename, copy and
// truncate, or delete the file at any time.
type LogRotation struct {
	Size int64         // bytes that the file may have; 0 is no limit
	Age  time.Duration // that the file may reach; 0 is no limit
	Keep int           // how many rotated files are kept; default 5
}

// Validate says what New would refuse, as Config.Validate does.
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
	k.that(c.Logger == nil || c.LogFile == "" && c.LogFormat == "", "Logger", "is set, and is used as it is: leave LogFile and LogFormat empty")
	k.that(c.Logger == nil || !c.LogConsole, "Logger", "is set, and is used as it is: leave LogConsole out")
	k.agree(c.LogFile == "" || c.LogFormat != logs.Journal, "LogFormat", "LogFile", "is \"journal\", which is not written to a file: leave LogFile empty")
	for at := range fieldErrors(c.LogRotation.Validate()) {
		k.that(false, "LogRotation."+at.Field, "%s", at.Problem)
	}
	k.agree(c.LogRotation == LogRotation{} || c.LogFile != "", "LogRotation", "LogFile", "is for a LogFile, and there is none")
}

// Logger returns the logger for ctx. In a function that runs in a worker, its
// records arrive in the daemon's log, with the pool, the pid and the call; in a
// function of the daemon's loop it is the daemon's own; with any other context
// it is slog.Default().
func Logger(ctx context.Context) *slog.Logger {
	if l := logs.OfLink(ctx, worker.Call(ctx)); l != nil {
		return l
	}
	if d, ok := ctx.Value(onLoop{}).(*Daemon); ok {
		return d.Logger()
	}
	return slog.Default()
}

// Logger returns the logger of the daemon's log, for code that has no context
// of its: another goroutine of the daemon. It never blocks, unless
// Config.Logger does.
func (d *Daemon) Logger() *slog.Logger { return d.log.Logger }

// SetLogLevel has records below level left out from now on, those of workers
// too.
func (d *Daemon) SetLogLevel(level slog.Level) { d.log.SetLevel(level) }

// LogLevel returns the level below which records are left out. With a
// Config.Logger, which leaves out what it likes besides, it is the lowest that
// there is unless it was set.
func (d *Daemon) LogLevel() slog.Level { return d.log.Level() }

// newLog makes the daemon's log. It opens nothing: New is called in workers
// too. There, what the daemon's own code logs travels to the daemon.
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

// handleLog calls the handlers of a Log event, and reports whether its record
// is to be written. On the loop.
func (d *Daemon) handleLog(r *slog.Record) bool {
	about := &event.Log{Record: r}
	if emitCounted(d.life.Live(), d, about) || about.Record == nil {
		return false
	}
	*r = *about.Record
	return true
}

// openLogs opens the log. Where the daemon becomes another user it waits until
// that is done, so that the file is that user's.
func (d *Daemon) openLogs(dropped bool) error {
	if !dropped && (d.config.User != "" || d.config.Group != "") {
		return nil
	}
	err := d.log.Open()
	if errors.Is(err, logs.ErrClosed) {
		return ErrStopped // came while the daemon started
	}
	return err
}

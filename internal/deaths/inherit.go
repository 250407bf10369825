package deaths

import (
	"context"
	"io"
	"log/slog"
	"os"

	"github.com/legion-go/legion/internal/pool"
)

// FileName is the name under which the next process of the daemon inherits the
// file that [Registry.File] makes.
const FileName = "legion.deaths"

// Keep returns a hook for a pool that keeps its certificates, and tells log
// about each new kind of death. The argument of a call is never logged.
func (r *Registry) Keep(log *slog.Logger) func(*pool.Certificate) uint64 {
	return func(c *pool.Certificate) uint64 {
		d, first := r.Add(c.Death, c.Argument, c.Recordings...)
		if first {
			level := slog.LevelWarn
			if d.Expected {
				level = slog.LevelInfo
			}
			log.Log(context.Background(), level, "workers die in a new way", "kind", d.Kind, "death", d.Number, "why", d.Why)
		}
		return d.Number
	}
}

// File returns a file with what the next process gets, or nil if there is
// nothing. It has no name in any file system, and belongs to the caller.
func (r *Registry) File() (*os.File, error) {
	b, err := r.Pass()
	if err != nil || len(b) == 0 {
		return nil, err
	}
	f, err := nameless()
	if err != nil {
		return nil, err
	}
	if _, err := f.WriteAt(b, 0); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// Inherit takes what the previous process passed on in f, which may be nil, and
// closes it. What cannot be read is left out: a daemon starts without it.
func (r *Registry) Inherit(f *os.File, log *slog.Logger) {
	if f == nil {
		return
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, MaxPassed+1))
	if err == nil {
		err = r.Take(b)
	}
	if err != nil {
		log.Warn("the certificates of deaths that the previous process passed on cannot be read, and are left out", "err", err)
	}
}

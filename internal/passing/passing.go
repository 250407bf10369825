// Package passing hands what a daemon remembers on to its next process, in an
// upgrade or a restart.
package passing

import (
	"fmt"
	"io"
	"log/slog"
	"os"
)

// Memory is something that a daemon remembers.
type Memory struct {
	Name string                      // under which the next process inherits it
	What string                      // for the log, such as "the history of pools"
	Most int64                       // bytes that are taken
	Pass func() ([]byte, error)      // what the next process gets; nothing, if there is nothing
	Take func(previous []byte) error // what the previous process passed on, which may be anything
}

// Files adds a file for each memory that has something to pass on. They have no
// name in any file system; made are these files, which belong to the caller.
// What fails is logged and left out: a daemon starts without it.
func Files(all []Memory, files map[string]*os.File, log *slog.Logger) (made []*os.File) {
	for _, m := range all {
		f, err := m.file()
		if err != nil {
			log.Warn(m.What+" cannot be passed on to the next process", "err", err)
		}
		if f != nil {
			files[m.Name], made = f, append(made, f)
		}
	}
	return made
}

func (m *Memory) file() (*os.File, error) {
	b, err := m.Pass()
	if err != nil || len(b) == 0 {
		return nil, err
	}
	f, err := nameless(m.Name)
	if err != nil {
		return nil, err
	}
	if _, err := f.WriteAt(b, 0); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// Inherit takes what the previous process passed on, from the files that
// inherited returns by name, or nil, and closes them. What cannot be read is
// logged and left out.
func Inherit(all []Memory, inherited func(name string) *os.File, log *slog.Logger) {
	for _, m := range all {
		f := inherited(m.Name)
		if f == nil {
			continue
		}
		if err := m.inherit(f); err != nil {
			log.Warn("the previous process passed on "+m.What+", which cannot be read and is left out", "err", err)
		}
	}
}

func (m *Memory) inherit(f *os.File) error {
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, m.Most+1))
	switch {
	case err != nil:
		return err
	case int64(len(b)) > m.Most:
		return fmt.Errorf("more than %d bytes", m.Most)
	}
	return m.Take(b)
}

package share

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Store has the values of one daemon, or of one worker. The zero Store is ready
// to use. Declare everything first; the other methods may be called from any
// goroutine.
type Store struct {
	names []string
	loads []loader

	// values has one for each name; nil before they are loaded. Who holds starting
	// uses their files.
	values   atomic.Pointer[[]*value]
	starting sync.RWMutex
	closed   atomic.Bool     // guarded by starting for writing
	kept     []atomic.Uint64 // bytes of replaced values that are still mapped
}

// Stats describe a value that is loaded.
type Stats struct {
	Name   string
	Bytes  uint64
	Loaded time.Time // when it was complete
	Kept   uint64    // bytes of earlier values that stay in memory, because they were read in the daemon
}

// Declare adds a value, and returns its number. load is a function of one of
// the forms that Load describes.
func (s *Store) Declare(name string, load any) (number int, err error) {
	for _, n := range s.names {
		if n == name {
			return 0, errors.New("the name is taken by another shared value")
		}
	}
	l, err := newLoader(load)
	if err != nil {
		return 0, err
	}
	s.names, s.loads, s.kept = append(s.names, name), append(s.loads, l), make([]atomic.Uint64, len(s.names)+1)
	return len(s.names) - 1, nil
}

// Load loads all values, one after the other, and then replaces the values of
// the last Load. If one fails, nothing is replaced. It returns when ctx or life
// ends, even if a function has not returned by then: nobody waits for it, and
// what it writes is lost. Only one Load may run at a time.
func (s *Store) Load(ctx, life context.Context) error {
	if len(s.names) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(life, cancel)()
	var values []*value
	for i, name := range s.names {
		v, err := s.loads[i].load(ctx, name)
		if err != nil {
			s.drop(values)
			return fmt.Errorf("%s: %w", "Share "+name, err)
		}
		values = append(values, v)
	}
	s.starting.Lock()
	defer s.starting.Unlock()
	if s.closed.Load() {
		s.drop(values)
		return errors.New("the daemon has stopped")
	}
	if old := s.values.Swap(&values); old != nil {
		s.drop(*old)
	}
	return nil
}

// Close frees the values of a daemon whose workers have ended, except for those
// that were read in it.
func (s *Store) Close() {
	s.starting.Lock()
	defer s.starting.Unlock()
	s.closed.Store(true)
	if values := s.values.Load(); values != nil {
		s.drop(*values)
	}
}

// drop frees values that no worker will get any more.
func (s *Store) drop(values []*value) {
	for i, v := range values {
		s.kept[i].Add(v.drop())
	}
}

// Hold returns the files of the values for a worker, which gives them to Open.
// They stay open until release is called.
func (s *Store) Hold() (files []*os.File, release func()) {
	s.starting.RLock()
	if values := s.values.Load(); values != nil {
		for _, v := range *values {
			files = append(files, v.file)
		}
	}
	return files, s.starting.RUnlock
}

// Open maps, in a worker, the values in the files of Hold, and closes them.
func (s *Store) Open(files []*os.File) error {
	if len(files) != len(s.names) {
		return fmt.Errorf("this worker declares %d shared values, and the daemon %d: declarations must be the same in every process", len(s.names), len(files))
	}
	var values []*value
	for i, f := range files {
		v, err := open(f)
		if err != nil {
			return fmt.Errorf("%s: %w", "Share "+s.names[i], err)
		}
		values = append(values, v)
	}
	s.values.Store(&values)
	return nil
}

// Bytes returns the value of that number, or false if it is not loaded yet or
// was freed by Close. The slice is valid until the process ends.
func (s *Store) Bytes(number int) ([]byte, bool) {
	for {
		values := s.values.Load()
		if values == nil {
			return nil, false
		}
		if v := (*values)[number]; v.lend() {
			return v.mem, true
		}
		if s.closed.Load() {
			return nil, false
		} // else it has just been replaced
	}
}

// Stats describe the values that are loaded, in the order of declaration.
func (s *Store) Stats() (all []Stats) {
	values := s.values.Load()
	if values == nil {
		return nil
	}
	for i, v := range *values {
		all = append(all, Stats{Name: s.names[i], Bytes: uint64(len(v.mem)), Loaded: v.loaded, Kept: s.kept[i].Load()})
	}
	return all
}

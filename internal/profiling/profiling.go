// Package profiling is where package profile says what it can do. So a worker
// pays for runtime/pprof, which takes more than a hundredth of its start, only
// in programs that import package profile.
//
// Provide comes before main; everything else may be used from any goroutine.
package profiling

import (
	"context"
	"errors"
	"io"
)

// Tools is what package profile provides.
type Tools struct {
	// CPU begins a profile of the processor time of this process, which stop ends
	// and writes to w. There is one at a time in a process.
	CPU func(w io.Writer) (stop func(), err error)
	// Write writes the profile of another kind, as it is now.
	Write func(w io.Writer, kind string) error
	// Label runs fn; samples of its goroutine have the label func then.
	Label func(ctx context.Context, function string, fn func())
	// Merge makes one profile of several, of which it trusts none.
	Merge func(parts []Part) ([]byte, error)
}

// Part is a profile that is to be merged.
type Part struct {
	Profile []byte   // gzipped or not; the end of a Profile in several pieces may be missing
	Labels  []string // for all samples: name, value, name, value …
}

// ErrMissing is the error where the program does not import package profile.
var ErrMissing = errors.New("this program cannot make profiles: add `import _ \"github.com/legion-go/legion/profile\"` to it, and start it again; " +
	"a trace needs no import")

var provided *Tools

// Provide says what there is. It is called once, before main.
func Provide(t Tools) { provided = &t }

// Get returns what package profile provides, or ErrMissing.
func Get() (*Tools, error) {
	if provided == nil {
		return nil, ErrMissing
	}
	return provided, nil
}

// Sink is a writer that takes everything.
type Sink struct{ Take func([]byte) }

// Write gives b to Take.
func (s *Sink) Write(b []byte) (int, error) {
	s.Take(b)
	return len(b), nil
}

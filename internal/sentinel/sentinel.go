// Package sentinel lets sentinel errors travel from a worker to the daemon: by
// codes that both processes have registered.
package sentinel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/legion-go/legion/internal/wire"
)

// Registry is the sentinels by their codes. Its methods may be called from any
// goroutine.
type Registry struct {
	mu  sync.RWMutex
	all []registered
}

type registered struct {
	code     string
	sentinel error
}

// NewRegistry returns a registry with the sentinels of the standard library.
func NewRegistry() *Registry {
	return &Registry{all: []registered{
		{"canceled", context.Canceled},
		{"deadline_exceeded", context.DeadlineExceeded},
		{"eof", io.EOF},
		{"unexpected_eof", io.ErrUnexpectedEOF},
		{"not_exist", fs.ErrNotExist},
		{"exist", fs.ErrExist},
		{"permission", fs.ErrPermission},
		{"unsupported", errors.ErrUnsupported},
	}}
}

// Add registers a sentinel. It refuses a code that is taken.
func (r *Registry) Add(code string, sentinel error) error {
	if old := r.ByCode(code); old != nil {
		return fmt.Errorf("code %q is taken by %q", code, old)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, registered{code, sentinel})
	return nil
}

// ByCode returns the sentinel of a code, or nil.
func (r *Registry) ByCode(code string) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, e := range r.all {
		if e.code == code {
			return e.sentinel
		}
	}
	return nil
}

// Fault is how an error of a function travels: with code, if that is not empty,
// or else with that of the last registered sentinel that it matches.
func (r *Registry) Fault(err error, code string) wire.Fault {
	f := wire.Fault{Message: err.Error(), Code: code}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for i := len(r.all) - 1; i >= 0 && f.Code == ""; i-- {
		if errors.Is(err, r.all[i].sentinel) {
			f.Code = r.all[i].code
		}
	}
	return f
}

package rpc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Options are the surroundings of a [Registry].
type Options struct {
	Limits  Limits
	Title   string // of the daemon, for rpc.discover; default "legion"
	Version string // of the daemon, for rpc.discover; default "0"

	// Audit is called for every change and every refusal, in the goroutine of the
	// request. It should not block.
	Audit func(Record)

	// Fault gives an error of a method its code; a nil result means -32500 with the
	// error's text. ctx has the caller, who may not be allowed to see the whole
	// error.
	Fault func(ctx context.Context, err error) *Error

	// Authenticate returns the owner of a token, for rpc.auth; nil: no token is
	// accepted.
	Authenticate func(token string) (Caller, bool)

	// Panicked is called for a panic in a method, with its stack, in the goroutine
	// where it happened.
	Panicked func(method string, value any, stack []byte)
}

// Registry holds methods and answers requests. All its methods may be called
// from any goroutine.
type Registry struct {
	options Options
	limits  Limits
	turn    turn
	counts  counts

	mu      sync.RWMutex
	methods map[string]*method
}

// New makes a registry with only the protocols' methods: system.… and
// rpc.discover.
func New(o Options) *Registry {
	r := &Registry{options: o, limits: o.Limits.filled(), turn: make(turn, 1), counts: counts{all: map[string]map[string]uint64{}}, methods: map[string]*method{}}
	for _, m := range r.own() {
		r.methods[m.Name] = m
	}
	return r
}

// Limits returns the limits in force, defaults filled in. A reader of
// connections should not read longer requests.
func (r *Registry) Limits() Limits { return r.limits }

// maxName is the greatest length of a method's name, in bytes.
const maxName = 128

// Add adds a method. The error says what is wrong with it: a name that is taken
// or has invalid characters, a type that JSON does not have, with the path to
// it.
func (r *Registry) Add(m Method) error {
	if err := checkName(m.Name); err != nil {
		return err
	}
	compiled, err := compile(m)
	if err != nil {
		return fmt.Errorf("method %s: %w", m.Name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.methods[m.Name] != nil {
		return fmt.Errorf("the method %s exists already: choose another name", m.Name)
	}
	r.methods[m.Name] = compiled
	return nil
}

func checkName(name string) error {
	if name == "" {
		return errors.New("a method needs a name, such as thumbs.made")
	}
	if len(name) > maxName {
		return fmt.Errorf("the method name %s is longer than %d bytes", cut(name, 32), maxName)
	}
	for _, c := range name {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("_.:/-", c)) {
			return fmt.Errorf("the method name %q has the character %q: letters, digits and _ . : / - are possible", name, c)
		}
	}
	for _, prefix := range []string{"rpc.", "system."} {
		if strings.HasPrefix(name, prefix) {
			return fmt.Errorf("the method name %s begins with %s, which belongs to the protocols", name, prefix)
		}
	}
	return nil
}

// lookup returns the method with a name, nil if no method has it.
func (r *Registry) lookup(name string) *method {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.methods[name]
}

// all returns every method, by name.
func (r *Registry) all() []*method {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.SortedFunc(maps.Values(r.methods), func(a, b *method) int { return strings.Compare(a.Name, b.Name) })
}

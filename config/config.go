package config

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion"
)

// Options says where a configuration comes from. The zero value is usable: it
// gives the defaults.
type Options struct {
	// File is the path of the file. Its ending gives its format: .yaml, .yml or
	// .json. A relative path is resolved in the working directory of the process
	// when it loads. Default "": no file.
	File string
	// Optional permits that File does not exist. A file that FileFlag names must
	// exist.
	Optional bool
	// FileFlag is the name of a flag of Flags that names another file. Default
	// "": there is no such flag.
	FileFlag string
	// Env is the prefix of the names of environment variables: with "THUMBS" the
	// key log.level is THUMBS_LOG_LEVEL. Default "": the environment is not read.
	Env string
	// Flags gets a flag for each key that is not secret: --log.level for
	// log.level. It must have been parsed when the configuration is loaded.
	// Default nil: none.
	Flags *flag.FlagSet
	// Name is the plugin's name. A program with two configurations gives them
	// different ones. Default "config".
	Name string
}

// Config is a configuration that lives with a daemon. T is a struct. All
// methods may be called from any goroutine.
type Config[T any] struct {
	options  Options
	defaults T
	schema   *schema
	flags    map[string]*flagValue // by key
	daemon   *legion.Daemon        // nil before Use

	state   atomic.Pointer[state[T]] // what Get returns, and where its values come from
	started atomic.Pointer[T]        // the state at Start: declarations used it

	mu       sync.Mutex // held while loading and reloading
	fileFlag string     // what FileFlag was set to
	given    []setKey   // by Set
	reloads  int
	refused  int
	lastErr  error
}

// state is a configuration that was loaded. It is never changed.
type state[T any] struct {
	value   *T
	sources map[string]Source // by key; a key that is not here has its default
	file    document
	handed  bool  // the file's content came from the daemon
	mistake error // why only a part could be salvaged; nil if there was no mistake
	at      time.Time
}

// New begins a configuration with these defaults, which are copied. It
// registers flags, if Options.Flags is set, and reads nothing yet. It panics if
// T cannot be a configuration: see the package's documentation for what can.
func New[T any](defaults *T, o Options) *Config[T] {
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("config: %v is not a struct", t))
	}
	if o.Name == "" {
		o.Name = "config"
	}
	c := &Config[T]{options: o, schema: newSchema(t, o.Env)}
	if defaults != nil {
		c.defaults = *c.copyOf(defaults)
	}
	if o.Flags != nil {
		c.addFlags(o.Flags)
	}
	return c
}

// Load reads the configuration from all its sources, once: after it has
// succeeded it does nothing. Call it in main, before legion.New, if
// declarations use the configuration. Its error lists every mistake, each an
// *Error, and matches legion.ErrConfig.
//
// Where the command line only talks to a running daemon ([legion.IsBystander]:
// "thumbs stop"), Load returns no error for a mistake: wrong values count as
// not set, so that an operator can stop the daemon in spite of it. Check
// returns the mistake.
func (c *Config[T]) Load() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.load()
}

// load is Load with mu held.
func (c *Config[T]) load() error {
	if c.state.Load() != nil {
		return nil
	}
	s, err := c.read(true)
	if err != nil {
		err = &loadError{err}
		if !c.bystander() {
			return err
		}
		s = c.salvage(err)
	}
	c.state.Store(s)
	return nil
}

// Check reads the configuration from all its sources and returns what is wrong
// with it, as Load does, for every command line. It changes nothing.
func (c *Config[T]) Check() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.read(false); err != nil {
		return &loadError{err}
	}
	return nil
}

// Get returns the configuration as it is now. It is shared: do not change it. A
// reload replaces it and does not change it, so take values that belong
// together from one call of Get. Get loads the configuration if it is not
// loaded, and panics if that fails; Load returns the error.
func (c *Config[T]) Get() *T {
	if s := c.state.Load(); s != nil {
		return s.value
	}
	if err := c.Load(); err != nil {
		panic(err)
	}
	return c.state.Load().value
}

// Reload reads the configuration again. If anything is wrong with it, the old
// one stays, and the error says what. If it differs from the old one, Reload
// emits Changed. Daemon.Reload calls it.
func (c *Config[T]) Reload(ctx context.Context) error {
	old, s, err := c.reload()
	if err != nil {
		return fmt.Errorf("%w\nthe configuration stays as it was", err)
	}
	if c.daemon == nil || old == nil || reflect.DeepEqual(old.value, s.value) {
		return nil
	}
	// Emit returns an error if a handler stopped propagation, or if the daemon is
	// stopping: the reload has succeeded all the same.
	_ = legion.Emit(ctx, c.daemon, Changed[T]{Old: old.value, New: s.value})
	return nil
}

func (c *Config[T]) reload() (old, s *state[T], err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reloads++
	if s, err = c.read(false); err != nil {
		c.refused++
		c.lastErr = err
		return nil, nil, err
	}
	if c.daemon != nil {
		if err = handOver(c.options.Name, s.file); err != nil {
			return nil, nil, err
		}
	}
	c.lastErr = nil
	return c.state.Swap(s), s, nil
}

// read makes a configuration from all sources. handed says that this process is
// a worker, and uses the content that its daemon has handed over instead of the
// file.
func (c *Config[T]) read(handed bool) (*state[T], error) {
	if c.options.Flags != nil && !c.options.Flags.Parsed() {
		return nil, fmt.Errorf("the flags have not been parsed: call flag.Parse (or Parse of Options.Flags) before the configuration is loaded")
	}
	s := &state[T]{sources: map[string]Source{}, at: time.Now()}
	var err error
	if handed {
		s.file, s.handed = handedOver(c.options.Name)
	}
	if !s.handed {
		if s.file, err = c.readFile(); err != nil {
			return nil, err
		}
		s.file.set = slices.Clone(c.given)
	}
	s.value, err = c.build(s.file, s.sources)
	return s, err
}

func (c *Config[T]) readFile() (document, error) {
	path, optional := c.options.File, c.options.Optional
	if c.fileFlag != "" {
		path, optional = c.fileFlag, false
	}
	if s := c.state.Load(); s != nil && s.file.path != "" {
		path = s.file.path // made absolute then: the working directory may have changed
	}
	if path == "" {
		return document{}, nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return document{}, fmt.Errorf("finding %s: %w", path, err)
	}
	return readDocument(path, optional)
}

// build applies the sources to a copy of the defaults, and checks the result.
func (c *Config[T]) build(file document, sources map[string]Source) (value *T, err error) {
	defer func() {
		if v := recover(); v != nil {
			value, err = nil, panicked(v)
		}
	}()
	root, err := file.parse()
	if err != nil {
		return nil, err
	}
	value = c.copyOf(&c.defaults)
	v := reflect.ValueOf(value).Elem()
	d := &decoder{schema: c.schema, sources: sources}
	c.fill(d, v, file, root)
	if len(d.errs) == 0 {
		d.required(v, c.ways)
	}
	if len(d.errs) == 0 {
		d.validate(v, "")
	}
	return value, d.mistakes()
}

// fill applies the sources to v, one after the other.
func (c *Config[T]) fill(d *decoder, v reflect.Value, file document, root *node) {
	if root != nil {
		d.source = func(line int) Source { return Source{File: file.path, Line: line} }
		d.value(v, root, "", false)
	}
	d.environment(v)
	d.flags(v, c.flags)
	d.given(v, file.set)
}

func (c *Config[T]) copyOf(t *T) *T {
	to := new(T)
	c.schema.copy(reflect.ValueOf(to).Elem(), reflect.ValueOf(t).Elem())
	return to
}

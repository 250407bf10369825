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

// Options says where a configuration comes from. The zero value is usable: then
// it is what the defaults are.
type Options struct {
	// File is the path of the file. Its ending says how it is written: .yaml,
	// .yml or .json. A relative path is one below the working directory that the
	// process has when it loads. Default "": no file.
	File string
	// Optional permits that there is no File. One that FileFlag names must exist.
	Optional bool
	// FileFlag is the name of a flag of Flags that names another file. Default
	// "": there is no such flag.
	FileFlag string
	// Env is what the names of environment variables begin with: with "THUMBS"
	// the key log.level is THUMBS_LOG_LEVEL. Default "": the environment does
	// not count.
	Env string
	// Flags gets a flag for each key, but for secret ones: --log.level for
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

	state   atomic.Pointer[state[T]] // what Get returns, and how it came about
	started atomic.Pointer[T]        // what Start has found: declarations were made of it

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
	mistake error // why it is only what could be salvaged; nil if it is all right
	at      time.Time
}

// New begins a configuration with these defaults, which are copied. It
// registers flags, if there are to be any, and reads nothing yet. It panics if
// T cannot be a configuration: see the package's documentation for what can.
func New[T any](defaults *T, o Options) *Config[T] {
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("config: %v is no struct", t))
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
// succeeded it does nothing. Called in main, before legion.New, it provides
// what declarations are made of. Its error lists every mistake, each an *Error,
// and matches legion.ErrConfig.
//
// Where the command line only talks to a daemon that runs
// ([legion.IsBystander]: "thumbs stop"), a mistake is no error of Load: what is
// wrong counts as not set, so that a daemon can be stopped in spite of it.
// Check tells it.
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
// reload puts another in its place and leaves this one alone, so what belongs
// together should be taken from one call of Get. Get loads the configuration if
// nobody has, and panics if that fails; Load returns the error.
func (c *Config[T]) Get() *T {
	if s := c.state.Load(); s != nil {
		return s.value
	}
	if err := c.Load(); err != nil {
		panic(err)
	}
	return c.state.Load().value
}

// Reload reads the configuration again. If anything is wrong with it, the one
// before stays, and the error says what. If it is another one than before,
// Changed is emitted. Daemon.Reload calls it.
func (c *Config[T]) Reload(ctx context.Context) error {
	old, s, err := c.reload()
	if err != nil {
		return fmt.Errorf("%w\nthe configuration stays as it was", err)
	}
	if c.daemon == nil || old == nil || reflect.DeepEqual(old.value, s.value) {
		return nil
	}
	// An error of Emit is that of a handler that stopped propagation, or that the
	// daemon is stopping: the reload is as good as it was.
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

// read makes a configuration out of all sources. handed says that what a daemon
// has handed to this process, its worker, is to be taken for the file.
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

// build puts what the sources say over a copy of the defaults, and checks it.
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

// fill gives v what the sources say, one over the other.
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

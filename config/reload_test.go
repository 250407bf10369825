package config_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/config"
	"github.com/legion-go/legion/legiontest"
)

type twins struct {
	A, B int
	Max  int
}

func (t *twins) Validate() error {
	if t.A != t.B {
		return config.At("b", errors.New("it must be a"))
	}
	return nil
}

func TestReload(t *testing.T) {
	legiontest.CheckLeaks(t)
	path := write(t, "c.yaml", "a: 1\nb: 1\n")
	c := config.New(&twins{Max: 5}, config.Options{File: path})
	d := legion.New(quiet("reload"))
	d.Use(c)
	changes := make(chan config.Changed[twins], 10)
	legion.On(d, func(_ context.Context, e config.Changed[twins]) error {
		if c.Get() != e.New {
			t.Error("Get does not return the new one yet")
		}
		changes <- e
		return legion.StopPropagation // changes nothing
	})
	legiontest.Start(t, d)
	first := c.Get()

	for _, bad := range []string{"a: 1\n", "a: x\n", "a: [\n", "c: 1\n"} {
		rewrite(t, path, bad)
		wants(t, c.Reload(t.Context()), path, "the configuration stays as it was")
		if c.Get() != first {
			t.Errorf("%q was taken", bad)
		}
	}
	if s := c.Stats().(config.Stats); s.Reloads != 4 || s.Refused != 4 || s.LastError == "" || s.File != path || s.Settings[0].Value != "1" {
		t.Errorf("statistics: %+v", s)
	}
	rewrite(t, path, "b: 2\na: 2\n")
	if err := c.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e := <-changes; e.Old != first || *e.New != (twins{2, 2, 5}) || *first != (twins{1, 1, 5}) {
		t.Errorf("got %+v and %+v", *e.Old, *e.New)
	}
	if s := c.Stats().(config.Stats); s.Reloads != 5 || s.Refused != 4 || s.LastError != "" || s.Settings[0].Value != "2" {
		t.Errorf("statistics: %+v", s)
	}
	// Nothing has changed: no event.
	if err := c.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(changes) != 0 {
		t.Error("an event without a change")
	}
	// A reload on the loop, as a signal may cause it.
	rewrite(t, path, "b: 3\na: 3\n")
	done := make(chan error, 1)
	legion.On(d, func(ctx context.Context, e string) error { done <- c.Reload(ctx); return nil })
	if err := legion.Emit(t.Context(), d, "reload"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || c.Get().A != 3 || len(changes) != 1 {
		t.Errorf("got %+v, %v, %d events", c.Get(), err, len(changes))
	}
	// After the end the reload still works, without events.
	if err := d.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestUseTwice(t *testing.T) {
	c := config.New(&twins{}, config.Options{Name: "mine"})
	if c.Name() != "mine" {
		t.Errorf("its name is %s", c.Name())
	}
	legion.New(quiet("one")).Use(c)
	panics(t, "belongs to another daemon already", func() { legion.New(quiet("two")).Use(c) })
}

// Get always returns a complete configuration that was accepted once, whatever
// happens at the same time.
func TestRaces(t *testing.T) {
	path := write(t, "c.yaml", "a: 0\nb: 0\n")
	c := config.New(&twins{}, config.Options{File: path})
	d := legion.New(quiet("races"))
	d.Use(c)
	legion.On(d, func(_ context.Context, e config.Changed[twins]) error {
		if e.New.A != e.New.B {
			t.Errorf("half a configuration: %+v", e.New)
		}
		return nil
	})
	legiontest.Start(t, d)
	var readers, writers sync.WaitGroup
	over := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for !isClosed(over) {
				if got := c.Get(); got.A != got.B {
					t.Errorf("half a configuration: %+v", got)
				}
				_, _ = c.String(), c.Stats()
			}
		})
	}
	for w := range 2 {
		writers.Go(func() {
			for i := range 50 {
				n := strconv.Itoa(2*i + w)
				rewrite(t, path, "a: "+n+"\nb: "+n+"\n") // not atomic: a reload may see any part of it
				_ = c.Reload(t.Context())
			}
		})
	}
	writers.Wait()
	close(over)
	readers.Wait()
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Loading at the same time loads once.
func TestGetLoads(t *testing.T) {
	c := config.New(&twins{}, config.Options{File: write(t, "c.yaml", "a: 4\nb: 4\n")})
	var all sync.WaitGroup
	got := make([]*twins, 8)
	for i := range got {
		all.Go(func() { got[i] = c.Get() })
	}
	all.Wait()
	for _, g := range got {
		if g != got[0] || g.A != 4 {
			t.Errorf("got %+v", g)
		}
	}
}

// Changed settings that a reload does not apply are named, until they are as at
// the start again.
func TestReloadNamesWhatNeedsARestart(t *testing.T) {
	legiontest.CheckLeaks(t)
	type settings struct {
		Free   string
		Listen string `config:"listen,restart"`
		Work   legion.Pool
		Pools  map[string]legion.Pool
		Extra  struct{ A, B int } `config:"extra,restart"`
		Log    *legion.LogRotation
	}
	path := write(t, "c.yaml", "free: a\n")
	c := config.New(&settings{}, config.Options{File: path})
	if c.RestartNeeded() != nil {
		t.Error("something is needed before the start")
	}
	d := legion.New(quiet("reload"))
	d.Use(c)
	legiontest.Start(t, d)
	for _, step := range []struct{ text, needed string }{
		{"free: b\n", "[]"},
		{"listen: x\n", "[listen]"},
		{"listen: x\nwork: {max: 3, spawn: lazy}\nextra: {b: 1}\n", "[listen work.spawn work.max extra.b]"},
		{"pools: {a: {max: 3}}\nlog: {keep: 3}\n", "[pools log.keep]"},
		{"free: c\n", "[]"},
	} {
		rewrite(t, path, step.text)
		if err := d.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := c.RestartNeeded()
		slices.Sort(got)
		want := strings.Fields(strings.Trim(step.needed, "[]"))
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", step.text, got, want)
		}
	}
}

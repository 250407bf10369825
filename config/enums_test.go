package config_test

import (
	"encoding"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/config"
)

// enumerations returns Legion's own number types, anywhere in t.
func enumerations(t reflect.Type, found map[reflect.Type]bool) {
	ours := strings.HasPrefix(t.PkgPath(), reflect.TypeFor[legion.Config]().PkgPath())
	switch {
	case t.Kind() == reflect.Struct && ours:
		for i := range t.NumField() {
			enumerations(t.Field(i).Type, found)
		}
	case t.Kind() == reflect.Map:
		enumerations(t.Key(), found)
		enumerations(t.Elem(), found)
	case t.Kind() == reflect.Slice:
		enumerations(t.Elem(), found)
	case ours && t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		found[t] = true
	}
}

// Each enumeration of a declaration is text everywhere, and the written text
// can be read again.
func TestEnumerationsAreText(t *testing.T) {
	found := map[reflect.Type]bool{}
	for _, declared := range []any{legion.Config{}, legion.Pool{}, legion.TaskOptions{}} {
		enumerations(reflect.TypeOf(declared), found)
	}
	if len(found) < 5 {
		t.Errorf("only %v", found)
	}
	for e := range found {
		v := reflect.New(e)
		m, writes := v.Interface().(encoding.TextMarshaler)
		u, reads := v.Interface().(encoding.TextUnmarshaler)
		if !writes || !reads {
			t.Errorf("%v travels as a number", e)
			continue
		}
		text, err := m.MarshalText()
		if err != nil || strings.ContainsAny(string(text), "0123456789") || u.UnmarshalText(text) != nil || !v.Elem().IsZero() {
			t.Errorf("%v: %q, %v", e, text, err)
		}
	}
}

func TestEnumerationsInAFile(t *testing.T) {
	type s struct {
		Pool    legion.Pool
		PID     legion.PIDPolicy
		Signals map[syscall.Signal]legion.SignalAction
		Role    legion.Role
	}
	for _, text := range []string{
		"pool: {spawn: Lazy, transport: shared_memory, on_exit: StopDaemon}\npid: may-change\nsignals: {HUP: event, SIGUSR1: 3}\nrole: operate\n",
		"pool: {spawn: 1, transport: 1, on_exit: 1}\npid: 2\nsignals: {1: 1, 10: system}\nrole: operate\n",
	} {
		c := config.New(&s{}, config.Options{File: write(t, "c.yaml", text)})
		if err := c.Load(); err != nil {
			t.Fatal(err)
		}
		got := c.Get()
		if got.Pool.Spawn != legion.Lazy || got.Pool.Transport != legion.SharedMemory || got.Pool.OnExit != legion.StopDaemon || got.PID != legion.PIDMayChange ||
			got.Signals[syscall.SIGHUP] != legion.SignalEvent || got.Signals[syscall.SIGUSR1] != legion.SignalSystem || got.Role != legion.RoleOperate {
			t.Errorf("%s is %+v", text, got)
		}
		shown := c.String()
		for _, line := range []string{"pool.spawn = lazy (", "pool.transport = shared-memory (", "pool.on_exit = stop-daemon (", "pid = may-change (", "signals = {SIGHUP: event, SIGUSR1: system} ("} {
			if !strings.Contains(shown, line) {
				t.Errorf("%q is not shown:\n%s", line, shown)
			}
		}
	}
	_, err := load(t, &s{}, "pool:\n  spawn: layz\nsignals: {HUPP: event}\n")
	wants(t, err, `c.yaml:2: pool.spawn: "layz": use mixed, lazy or eager`, `there is no signal "HUPP"`)
}

package legion_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/legion-go/legion"
)

// A mistake in a sandbox is a mistake in its pool, with its field.
func TestMistakesInSandboxes(t *testing.T) {
	for _, c := range []struct {
		field string
		pool  legion.Pool
	}{
		{"Sandbox.Read[1]", legion.Pool{Sandbox: &legion.Sandbox{Read: []string{"/a", "b"}}}},
		{"Sandbox.Network", legion.Pool{Sandbox: &legion.Sandbox{Network: legion.TCP(0)}}},
		{"Sandbox.CPU", legion.Pool{CPU: 1, Sandbox: &legion.Sandbox{CPU: 2}}},
		{"Sandbox.Env", legion.Pool{Env: []string{"A"}, Sandbox: &legion.Sandbox{Env: []string{"B"}}}},
	} {
		bad := (*legion.FieldError)(nil)
		if err := c.pool.Validate(); !errors.As(err, &bad) || bad.Of != "Pool" || bad.Field != c.field {
			t.Errorf("%s: %v", c.field, err)
		}
		task := legion.TaskOptions{Sandbox: c.pool.Sandbox, CPU: c.pool.CPU, Env: c.pool.Env}
		if err := task.Validate(); !errors.As(err, &bad) || bad.Of != "TaskOptions" || bad.Field != c.field {
			t.Errorf("%s: %v", c.field, err)
		}
	}
}

// What the caller does to its Sandbox after the declaration changes nothing,
// and neither can Configure.
func TestSandboxIsCopied(t *testing.T) {
	box := &legion.Sandbox{Read: []string{"/a"}, Network: legion.TCP(443)}
	d := legion.New(quiet("copied"))
	d.InProcess()
	f := legion.Worker(d, "f", func(context.Context, int) (int, error) { return 1, nil }, legion.Pool{Sandbox: box})
	box.Read[0], box.Network = "/etc", legion.AnyNetwork
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer d.Stop(t.Context())
	if n, err := f.Call(t.Context(), 1); n != 1 || err != nil {
		t.Errorf("workers that are goroutines serve without: %d, %v", n, err)
	}
	want := &legion.Sandbox{Read: []string{"/a"}, Network: legion.TCP(443)}
	err := f.Pool().Configure(func(p *legion.Pool) error {
		if !reflect.DeepEqual(p.Sandbox, want) {
			t.Errorf("the pool has %+v", p.Sandbox)
		}
		p.Sandbox.Read[0] = "/etc"
		return nil
	})
	if bad := (*legion.FieldError)(nil); !errors.As(err, &bad) || bad.Field != "Sandbox" {
		t.Errorf("a sandbox was changed: %v", err)
	}
	if err := f.Pool().Configure(func(p *legion.Pool) error { p.Queue = 7; return nil }); err != nil {
		t.Errorf("another field: %v", err)
	}
	err = f.Pool().Configure(func(p *legion.Pool) error {
		if !reflect.DeepEqual(p.Sandbox, want) {
			t.Errorf("the pool has %+v", p.Sandbox)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

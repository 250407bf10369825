package legion_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
)

func same[T any](_ context.Context, v T) (T, error) { return v, nil }

// Mistakes in a declaration panic, and the message says where and what.
func TestDeclarationMisuse(t *testing.T) {
	type photo struct {
		Name  string
		Tags  []struct{ Notify chan int }
		Then  map[string]func()
		Where any
	}
	for name, c := range map[string]struct {
		do   func(d *legion.Daemon)
		says []string
	}{
		"no name":           {func(*legion.Daemon) { legion.New(legion.Config{}) }, []string{"Config.Name"}},
		"bad daemon name":   {func(*legion.Daemon) { legion.New(legion.Config{Name: "a/b"}) }, []string{`"a/b"`, "letters, digits"}},
		"long daemon name":  {func(*legion.Daemon) { legion.New(legion.Config{Name: strings.Repeat("x", 65)}) }, []string{"1 to 64"}},
		"bad stop timeout":  {func(*legion.Daemon) { legion.New(legion.Config{Name: "d", StopTimeout: -1}) }, []string{"StopTimeout"}},
		"bad function name": {func(d *legion.Daemon) { legion.Worker(d, "two words", same[int], legion.Pool{}) }, []string{`"two words"`}},
		"two of a name": {func(d *legion.Daemon) {
			legion.Worker(d, "twice", same[int], legion.Pool{})
			legion.Task(d, "twice", same[int], legion.TaskOptions{})
		}, []string{`"twice"`, "taken"}},
		"two methods of a name": {func(d *legion.Daemon) {
			w := legion.NewWorkers(d, "w", boot, legion.Pool{})
			legion.Handle(w, "twice", (*tool).do)
			legion.Handle(w, "twice", (*tool).do)
		}, []string{`"twice"`, "pool w"}},
		"a channel":  {func(d *legion.Daemon) { legion.Worker(d, "f", same[photo], legion.Pool{}) }, []string{`"f"`, "argument", "Tags", "Notify", "chan int"}},
		"a function": {func(d *legion.Daemon) { legion.Task(d, "f", same[func()], legion.TaskOptions{}) }, []string{"func()"}},
		"in the result": {func(d *legion.Daemon) {
			legion.Worker(d, "f", func(context.Context, int) (chan int, error) { return nil, nil }, legion.Pool{})
		}, []string{"result", "chan int"}},
		"min above max":   {pool(legion.Pool{Min: 3, Max: 2}), []string{"Pool.Min is 3", "Pool.Max 2"}},
		"negative":        {pool(legion.Pool{Timeout: -1}), []string{"Pool.Timeout"}},
		"little memory":   {pool(legion.Pool{MemoryLimit: 1000}), []string{"Pool.MemoryLimit", "1000"}},
		"limits crossed":  {pool(legion.Pool{MemoryLimit: 64 << 20, MaxMemory: 128 << 20}), []string{"MaxMemory", "MemoryLimit"}},
		"many workers":    {pool(legion.Pool{Max: 5000}), []string{"Pool.Max", "4096"}},
		"nice":            {pool(legion.Pool{Nice: 20}), []string{"Pool.Nice"}},
		"small buffer":    {pool(legion.Pool{Buffer: 1}), []string{"Pool.Buffer"}},
		"large payload":   {pool(legion.Pool{MaxPayload: 1 << 40}), []string{"Pool.MaxPayload"}},
		"spawn":           {pool(legion.Pool{Spawn: 9}), []string{"Pool.Spawn"}},
		"transport":       {pool(legion.Pool{Transport: 9}), []string{"Pool.Transport"}},
		"concurrency":     {pool(legion.Pool{Concurrency: 1000}), []string{"Pool.Concurrency"}},
		"files":           {pool(legion.Pool{Files: 3}), []string{"Pool.Files"}},
		"little CPU":      {pool(legion.Pool{CPU: 0.01}), []string{"Pool.CPU is 0.01; use 0.05 to 1024"}},
		"few threads":     {pool(legion.Pool{Threads: 3}), []string{"Pool.Threads is 3; use 16 to"}},
		"small files":     {pool(legion.Pool{FileSize: 1000}), []string{"Pool.FileSize is 1000 bytes", "262144"}},
		"score":           {pool(legion.Pool{OOMScore: 1001}), []string{"Pool.OOMScore is 1001; use -1000 to 1000"}},
		"user":            {pool(legion.Pool{User: "a:b:c"}), []string{`Pool.User is "a:b:c": write user or user:group`}},
		"env":             {pool(legion.Pool{Env: []string{"A*B"}}), []string{"Pool.Env", `"A*B"`, "as in LC_*"}},
		"min age":         {pool(legion.Pool{MinAge: 2, MaxAge: 1}), []string{"MinAge"}},
		"task's options":  {func(d *legion.Daemon) { legion.Task(d, "f", same[int], legion.TaskOptions{MaxRunning: -1}) }, []string{`"f"`}},
		"negative every":  {func(d *legion.Daemon) { d.Every(-1, nil) }, []string{"Every(-1ns)"}},
		"nil every":       {func(d *legion.Daemon) { d.Every(time.Second, nil) }, []string{"Every", "nil"}},
		"nil init":        {func(d *legion.Daemon) { d.Init(nil) }, []string{"Init", "nil"}},
		"nil teardown":    {func(d *legion.Daemon) { d.Teardown(nil) }, []string{"Teardown", "nil"}},
		"nil function":    {func(d *legion.Daemon) { legion.Worker[int, int](d, "f", nil, legion.Pool{}) }, []string{`"f"`, "nil"}},
		"nil constructor": {func(d *legion.Daemon) { legion.NewWorkers[tool](d, "w", nil, legion.Pool{}) }, []string{`"w"`, "nil"}},
	} {
		t.Run(name, func(t *testing.T) {
			misuse(t, c.says, func() { c.do(legion.New(quiet("misused"))) })
		})
	}
}

func pool(p legion.Pool) func(*legion.Daemon) {
	return func(d *legion.Daemon) { legion.Worker(d, "f", same[int], p) }
}

// misuse wants fn to panic with a message that has all of says in it.
func misuse(t *testing.T, says []string, fn func()) {
	t.Helper()
	defer func() {
		t.Helper()
		v := fmt.Sprint(recover())
		for _, s := range append(says, "legion: ") {
			if !strings.Contains(v, s) {
				t.Errorf("the panic does not say %q: %s", s, v)
			}
		}
	}()
	fn()
}

func TestDeclaringTooLate(t *testing.T) {
	s := newSolo("solo", legion.Pool{Max: 1, Spawn: legion.Lazy}).start(t)
	w := legion.NewWorkers(legion.New(quiet("other")), "w", boot, legion.Pool{})
	_ = w
	for name, do := range map[string]func(d *legion.Daemon){
		"worker late": func(d *legion.Daemon) { legion.Worker(d, "late", same[int], legion.Pool{}) },
		"task late":   func(d *legion.Daemon) { legion.Task(d, "late", same[int], legion.TaskOptions{}) },
		"Every":       func(d *legion.Daemon) { d.Every(time.Second, func(context.Context) error { return nil }) },
		"Init":        func(d *legion.Daemon) { d.Init(func(context.Context) error { return nil }) },
		"Teardown":    func(d *legion.Daemon) { d.Teardown(func(context.Context) error { return nil }) },
		"InProcess":   func(d *legion.Daemon) { d.InProcess() },
	} {
		t.Run(name, func(t *testing.T) {
			misuse(t, []string{name, "has been started"}, func() { do(s.d) })
		})
	}
}

// A function cannot be called from within a worker.
func TestCallInWorker(t *testing.T) {
	s := newSolo("solo", legion.Pool{Max: 1}).start(t)
	if _, err := s.inner.Call(t.Context(), deed{}); err == nil || !strings.Contains(err.Error(), "this is a worker process") {
		t.Errorf("got %v", err)
	}
	var remote *legion.RemoteError
	if _, err := s.inner.Call(t.Context(), deed{}); !errors.As(err, &remote) {
		t.Errorf("got %T", err)
	}
	if out, err := s.inner.Inline(t.Context(), deed{What: "pid"}); err != nil || out == "" {
		t.Errorf("inline, in the daemon, it can: %q, %v", out, err)
	}
}

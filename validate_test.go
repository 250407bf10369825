package legion_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// extremes says of each number in the options whether its smallest value, 5 ns
// if it is a duration, its largest value, and for a float also what is not a
// number, are accepted: y, or refused: n.
var extremes = map[string]string{
	"Pool.Min": "nn", "Pool.Max": "nn", "Pool.Spawn": "nn", "Pool.IdleTimeout": "yny",
	"Pool.Timeout": "nny", "Pool.KillGrace": "nny", "Pool.Queue": "ny", "Pool.Concurrency": "nn", "Pool.Retry": "ny",
	"Pool.MaxCalls": "ny", "Pool.MaxAge": "nny", "Pool.MinAge": "nny", "Pool.MaxMemory": "yy",
	"Pool.MemoryLimit": "yn", "Pool.Procs": "nn", "Pool.Nice": "nn", "Pool.Files": "yn",
	"Pool.CPU": "nnn", "Pool.Threads": "nn", "Pool.FileSize": "yn", "Pool.OOMScore": "nn",
	"Pool.BootTimeout": "nny", "Pool.Heartbeat": "yny", "Pool.MaxRestarts": "yy", "Pool.RestartWindow": "nny", "Pool.CrashBudget": "yy",
	"Pool.Transport": "nn", "Pool.Buffer": "nn", "Pool.Arena": "yn", "Pool.MaxPayload": "nn", "Pool.KeepArgument": "nn", "Pool.Recorder.Window": "nnn", "Pool.Recorder.Bytes": "nn", "Pool.LoopEvery": "nny", "Pool.OnExit": "nn",

	"TaskOptions.MaxRunning": "nn", "TaskOptions.Spare": "yy", "TaskOptions.Queue": "ny", "TaskOptions.Timeout": "nny", "TaskOptions.KillGrace": "nny",
	"TaskOptions.Retry": "ny", "TaskOptions.MemoryLimit": "yn", "TaskOptions.Procs": "nn", "TaskOptions.Nice": "nn",
	"TaskOptions.CPU": "nnn", "TaskOptions.Threads": "nn", "TaskOptions.FileSize": "yn", "TaskOptions.OOMScore": "nn",
	"TaskOptions.Files": "yn", "TaskOptions.BootTimeout": "nny", "TaskOptions.Transport": "nn", "TaskOptions.MaxPayload": "nn", "TaskOptions.KeepArgument": "nn", "TaskOptions.Recorder.Window": "nnn", "TaskOptions.Recorder.Bytes": "nn",

	"Config.StopTimeout": "nny", "Config.ControlTimeout": "nny", "Config.ControlConnections": "nn", "Config.Umask": "nn", "Config.Nice": "nn", "Config.PID": "nn", "Config.RestartEvery": "nny",
	"Config.MinUptime": "nny", "Config.MinPause": "nny", "Config.LogLevel": "yy",
	"Config.LogRotation.Size": "ny", "Config.LogRotation.Age": "nny", "Config.LogRotation.Keep": "ny",
	"LogRotation.Size": "ny", "LogRotation.Age": "nny", "LogRotation.Keep": "ny",
}

// options are those that say themselves what is wrong with them.
type options interface{ Validate() error }

// numbers calls visit for every number in v, a struct, with its name.
func numbers(v reflect.Value, name string, visit func(name string, v reflect.Value)) {
	for i := range v.NumField() {
		f, name := v.Field(i), name+"."+v.Type().Field(i).Name
		switch {
		case f.CanInt(), f.CanUint(), f.CanFloat():
			visit(name, f)
		case f.Kind() == reflect.Struct:
			numbers(f, name, visit)
		}
	}
}

// extreme sets v to its n-th extreme value, and reports whether there is one.
func extreme(v reflect.Value, n int) bool {
	bits := v.Type().Bits()
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		v.SetInt([]int64{math.MinInt64, 5, math.MaxInt64, 0}[n])
		return n < 3
	case v.CanFloat():
		v.SetFloat([]float64{-math.MaxFloat64, math.Inf(1), math.NaN(), 0}[n])
		return n < 3
	case v.CanInt():
		v.SetInt([]int64{-1 << (bits - 1), 1<<(bits-1) - 1, 0, 0}[n])
	default:
		v.SetUint([]uint64{0, math.MaxUint64 >> (64 - bits), 0, 0}[n])
	}
	return n < 2
}

// Every number in every option, at its largest and smallest, is as the table
// above says: who adds a field decides there what is refused.
func TestExtremesOfOptions(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range []options{
		&legion.Pool{}, &legion.TaskOptions{}, &legion.Config{Name: "extreme", LogFile: "x"}, &legion.LogRotation{},
	} {
		v := reflect.ValueOf(o).Elem()
		numbers(v, v.Type().Name(), func(name string, v reflect.Value) {
			got := ""
			for n := 0; extreme(v, n); n++ {
				err := o.Validate()
				got += map[bool]string{true: "y", false: "n"}[err == nil]
				if bad := (*legion.FieldError)(nil); err != nil && (!errors.As(err, &bad) || bad.Of+"."+bad.Field != name) {
					t.Errorf("%s = %v: %v", name, v, err)
				}
			}
			v.SetZero()
			if seen[name] = true; got != extremes[name] {
				t.Errorf("%s: %s; expected %q", name, got, extremes[name])
			}
		})
		if err := o.Validate(); err != nil {
			t.Errorf("the zero value: %v", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(extremes)) {
		if !seen[name] {
			t.Errorf("there is no %s any more", name)
		}
	}
}

// An accepted extreme does what it says, and never the opposite: the longest
// timeout is not over at once, the largest number of calls not reached by the
// first.
func TestAcceptedExtremes(t *testing.T) {
	legiontest.CheckLeaks(t)
	conf := quiet("extreme")
	conf.StopTimeout, conf.RestartEvery, conf.MinUptime, conf.MinPause = math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64
	d := legion.New(conf)
	d.InProcess()
	work := func(ctx context.Context, wait bool) (int, error) {
		if wait {
			<-ctx.Done()
		}
		return 1, ctx.Err()
	}
	funcs := map[string]*legion.Func[bool, int]{}
	all := legion.Pool{Max: 1, Spawn: legion.Lazy}
	v := reflect.ValueOf(&all).Elem()
	numbers(v, "Pool", func(name string, v reflect.Value) {
		was := v.Interface()
		for n := 0; extreme(v, n); n++ {
			if all.Validate() == nil {
				name := fmt.Sprintf("%s-%d", name, n)
				funcs[name] = legion.Worker(d, name, work, all)
			}
		}
		v.Set(reflect.ValueOf(was))
	})
	legiontest.Start(t, d)
	for name, f := range funcs {
		t.Run(name, func(t *testing.T) {
			for _, wait := range []bool{false, true, false} {
				ctx, cancel := context.WithCancel(t.Context())
				future := f.Go(ctx, wait)
				if wait {
					cancel()
				}
				if _, err := future.Result(); (err != nil) != wait {
					t.Errorf("waiting: %v: %v", wait, err)
				}
				cancel()
			}
			if s := f.Pool().Stats(); s.Started != 1 || s.Recycled != 0 || s.Restarts != 0 {
				t.Errorf("the worker did not stay: %+v", s)
			}
		})
	}
}

// Names become folders, files and arguments.
func TestNames(t *testing.T) {
	for name, good := range map[string]bool{
		"a": true, "a.b": true, "..a": true, "a-": true, "_": true, "7": true,
		"": false, ".": false, "..": false, "-x": false, "--": false, "a/b": false, "a b": false, "ä": false, "a\n": false,
	} {
		for what, declare := range map[string]func(*legion.Daemon){
			"daemon": func(*legion.Daemon) { legion.New(legion.Config{Name: name}) },
			"worker": func(d *legion.Daemon) { legion.Worker(d, name, same[int], legion.Pool{}) },
			"task":   func(d *legion.Daemon) { legion.Task(d, name, same[int], legion.TaskOptions{}) },
			"handle": func(d *legion.Daemon) {
				legion.Handle(legion.NewWorkers(d, "w", boot, legion.Pool{}), name, (*tool).do)
			},
			"plugin": func(d *legion.Daemon) { d.Use(&part{name: name, life: new([]string)}) },
		} {
			refused := func() (refused any) {
				defer func() { refused = recover() }()
				declare(legion.New(quiet("names")))
				return nil
			}()
			if (refused == nil) != good {
				t.Errorf("%s %q: %v", what, name, refused)
			}
		}
	}
}

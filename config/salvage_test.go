package config_test

import (
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/config"
)

// Mistakes in a file keep a daemon from starting, but no operator from stopping
// it: for that the rest of the file counts.
func TestMistakesAreNoneOfBystanders(t *testing.T) {
	type settings struct {
		Socket string
		Extra  string `config:"extra,required"`
		Work   legion.Pool
		Works  map[string]legion.Pool
	}
	defaults := settings{Socket: "default", Work: legion.Pool{Max: 2}}
	legion.Bystanders(func(args []string) bool { return slices.Contains(args, "stop") })
	t.Cleanup(func() { legion.Bystanders(func([]string) bool { return false }) })
	for name, c := range map[string]struct {
		text, socket string
		max          int
	}{
		"a key that there is not":   {"socket: here\nextra: x\nwrok: {max: 4}\n", "here", 2},
		"a value that cannot be":    {"socket: here\nextra: x\nwork: {max: many}\n", "here", 2},
		"one that Validate refuses": {"socket: here\nextra: x\nwork: {max: 4, min: 5}\n", "here", 4},
		"values beside it":          {"socket: here\nextra: x\nwork: {max: 4, nice: 99}\nworks: {a: {nice: 99}}\n", "here", 4},
		"a required key":            {"socket: here\n", "here", 2},
		"no YAML at all":            {"socket: here\n\tx: [\n", "default", 2},
		"a list instead of a table": {"socket: here\nextra: x\nwork: [1]\n", "here", 2},
		"another kind of file":      {"- a\n- b\n", "default", 2},
		"an empty pool of two":      {"socket: here\nextra: x\nworks: {a: {max: -1}, b: {max: 3}}\n", "here", 2},
	} {
		for _, verb := range []string{"run", "stop"} {
			fs := flags()
			conf := config.New(&defaults, config.Options{File: write(t, "c.yaml", c.text), Flags: fs})
			if err := fs.Parse([]string{"--work.files", "100", verb}); err != nil {
				t.Fatal(err)
			}
			err := conf.Load()
			if verb == "run" {
				wants(t, err, "config: ")
				if !errors.Is(err, legion.ErrConfig) {
					t.Errorf("%s: %v is no ErrConfig", name, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %s: %v", name, verb, err)
				continue
			}
			got := conf.Get()
			if got.Socket != c.socket || got.Work.Max != c.max || got.Work.Files != 100 && name != "a list instead of a table" || got.Work.Validate() != nil {
				t.Errorf("%s: %+v", name, got)
			}
			wants(t, conf.Check(), "config: ")            // it is known all the same,
			wants(t, conf.Start(t.Context()), "config: ") // and keeps a daemon from starting
		}
	}
	// A file that cannot be read is such a mistake, flags that were not parsed are
	// not.
	fs := flags()
	if err := config.New(&defaults, config.Options{File: "/nowhere/c.yaml", Flags: fs}).Load(); err == nil {
		t.Error("flags that were not parsed are no error")
	}
	fs = flags()
	missing := config.New(&defaults, config.Options{File: os.DevNull + "/c.yaml", Flags: fs})
	_ = fs.Parse([]string{"stop"})
	if err := missing.Load(); err != nil {
		t.Errorf("a file that cannot be opened: %v", err)
	}
	// Without mistakes Check says so, and has changed nothing.
	good := config.New(&defaults, config.Options{File: write(t, "c.yaml", "extra: x\n")})
	if err := good.Load(); err != nil || good.Check() != nil {
		t.Errorf("%v, %v", err, good.Check())
	}
}

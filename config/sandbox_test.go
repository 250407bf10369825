package config_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/config"
)

type confined struct {
	Pools map[string]legion.Pool
	Thumb legion.Pool
	Task  legion.TaskOptions
}

// A sandbox is a section of its pool: an empty one is the strictest, and none
// confines nothing.
func TestSandbox(t *testing.T) {
	full := &legion.Sandbox{
		Read: []string{"/pictures", "/usr/share"}, Network: legion.TCP(443, 5432), Strict: true, CPU: 0.5, FileSize: 4 << 20, Env: []string{"*"},
	}
	keys := "read: [/pictures, /usr/share], network: 'tcp:443,5432', strict: yes, cpu: 0.5, file_size: 4MiB, env: ['*']"
	for text, want := range map[string]*legion.Sandbox{
		"{queue: 2}":                    nil,
		"{sandbox: null}":               nil,
		"{sandbox: {}}":                 {},
		"{sandbox: {network: any}}":     {Network: legion.AnyNetwork},
		"{sandbox: {" + keys + "}}":     full,
		"{sandbox: {best_effort: yes}}": {BestEffort: true},
	} {
		c := config.New(&confined{}, config.Options{File: write(t, "c.yaml", "thumb: "+text+"\ntask: "+text+"\npools: {a: "+text+"}\n")})
		if err := c.Load(); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for where, got := range map[string]*legion.Sandbox{"pool": c.Get().Thumb.Sandbox, "task": c.Get().Task.Sandbox, "table": c.Get().Pools["a"].Sandbox} {
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s in a %s: %+v", text, where, got)
			}
		}
	}
	t.Setenv("TEST_THUMB_SANDBOX_NETWORK", "tcp:443")
	c := config.New(&confined{}, config.Options{Env: "TEST"})
	if err := c.Load(); err != nil || c.Get().Thumb.Sandbox == nil || c.Get().Thumb.Sandbox.Network != legion.TCP(443) {
		t.Errorf("from the environment: %+v, %v", c.Get().Thumb.Sandbox, err)
	}
}

// A mistake is reported once, with the entry that is wrong and its line.
func TestMistakesInASandbox(t *testing.T) {
	path := write(t, "c.yaml", "thumb:\n  sandbox:\n    read:\n      - /pictures\n      - thumbs\n    threads: -1\n")
	err := config.New(&confined{}, config.Options{File: path}).Load()
	wants(t, err, path+":5: thumb.sandbox.read[1]: is \"thumbs\": write an absolute path", path+":6: thumb.sandbox.threads: is -1")
	if bad := (*legion.FieldError)(nil); !errors.As(err, &bad) || strings.Count(err.Error(), path) != 2 {
		t.Errorf("%v", err)
	}
	path = write(t, "c.yaml", "task: {sandbox: {\n  network: \"udp:53\"}}\n")
	wants(t, config.New(&confined{}, config.Options{File: path}).Load(), path+":2: task.sandbox.network: ", "use none, any, or ports as in tcp:443,5432")
}

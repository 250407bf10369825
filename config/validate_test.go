package config_test

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/config"
)

// wrong has values that a pool refuses, by the Go name of the field, where
// neither -1 nor 5ns is one. Of a field that takes every value it has "".
var wrong = map[string]string{
	"Spawn": "9", "Transport": "9", "OnExit": "9", "Nice": "99", "MemoryLimit": "5", "Files": "5", "Arena": "5",
	"MaxMemory": "99999999, memory_limit: 88888888", "MaxRestarts": "", "CrashBudget": "", "Spare": "", "Sandbox": "", "Recorder": "",
	"FileSize": "5", "OOMScore": "-1001", "User": `":"`, "Env": `["A*B"]`, "NoCore": "", "Dir": "",
}

// Every option that a declaration would refuse is refused when the file is
// read, with its line; the old configuration stays, and a corrected file is
// read.
func TestReloadOfWhatNewRefuses(t *testing.T) {
	type settings struct {
		Work legion.Pool
		Task legion.TaskOptions
		Log  legion.LogRotation
	}
	path := write(t, "c.yaml", "work: {max: 2}\n")
	c := config.New(&settings{}, config.Options{File: path})
	if err := c.Load(); err != nil {
		t.Fatal(err)
	}
	for _, section := range []string{"Work", "Task", "Log"} {
		f, _ := reflect.TypeFor[settings]().FieldByName(section)
		for i := range f.Type.NumField() {
			f := f.Type.Field(i)
			value := "-1"
			switch {
			case f.Type.Kind() == reflect.Func:
				continue
			case f.Type == reflect.TypeFor[time.Duration]():
				value = "5ns"
			}
			if v, ok := wrong[f.Name]; ok {
				value = v
			}
			if value == "" {
				continue
			}
			key := ""
			for i, r := range strings.NewReplacer("OOM", "Oom", "CPU", "Cpu").Replace(f.Name) {
				if i > 0 && r >= 'A' && r <= 'Z' {
					key += "_"
				}
				key += strings.ToLower(string(r))
			}
			section := strings.ToLower(section)
			rewrite(t, path, fmt.Sprintf("#\n%s: {\n %s: %s}\n", section, key, value))
			before := c.Get()
			err := c.Reload(t.Context())
			wants(t, err, path+":3: "+section+"."+key+": ", "the configuration stays as it was")
			bad := (*legion.FieldError)(nil)
			if _, reads := reflect.New(f.Type).Interface().(encoding.TextUnmarshaler); reads {
				bad = &legion.FieldError{Field: f.Name} // its type has refused the text already
			}
			if err == nil || bad == nil && !errors.As(err, &bad) || bad.Field != f.Name || strings.Count(err.Error(), path) != 1 {
				t.Errorf("%s.%s: %v", section, key, err)
			}
			if c.Get() != before {
				t.Errorf("%s.%s was taken", section, key)
			}
			rewrite(t, path, fmt.Sprintf("work: {max: %d}\n", 1+i))
			if err := c.Reload(t.Context()); err != nil || c.Get().Work.Max != 1+i {
				t.Errorf("the mended file: %+v, %v", c.Get().Work, err)
			}
		}
	}
}

// The error names a key that was set, also in a struct that embeds a pool, and
// in a list and a table.
func TestPlaceOfWhatNewRefuses(t *testing.T) {
	type work struct {
		legion.Pool
		Extra int
	}
	type settings struct {
		Work work
		List []legion.Pool
		Map  map[string]legion.Pool
	}
	defaults := settings{Work: work{Pool: legion.Pool{Min: 4, Max: 8}}}
	for text, says := range map[string]string{
		"work:\n  extra: 1\n  max: 2\n":         ":3: work.min: is 4 and Pool.Max 2",
		"list:\n- max: 2\n- max: 2\n  min: 3\n": ":4: list[1].min: is 3",
		"map:\n  a:\n    nice: 70\n":            ":3: map.a.nice: is 70",
	} {
		path := write(t, "c.yaml", text)
		err := config.New(&defaults, config.Options{File: path}).Load()
		wants(t, err, path+says)
		if strings.Contains(err.Error(), "mistakes") {
			t.Errorf("it is told twice: %v", err)
		}
	}
}

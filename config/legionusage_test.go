package config

import (
	"reflect"
	"strings"
	"testing"

	"github.com/legion-go/legion"
)

// Each field of an option of declarations has a flag with a usage text, and
// each text has a field.
func TestUsageOfDeclarations(t *testing.T) {
	type settings struct {
		Pool   legion.Pool
		Task   legion.TaskOptions
		Daemon legion.Config
		Log    legion.LogRotation
	}
	for _, l := range newSchema(reflect.TypeFor[settings](), "").leaves {
		if l.usage == "" || strings.HasPrefix(l.usage, "see go doc") {
			t.Errorf("the flag --%s has no usage: add one to legionUsage", l.key)
		}
	}
	types := map[string]reflect.Type{"Sandbox": reflect.TypeFor[legion.Sandbox](), "Recorder": reflect.TypeFor[legion.Recorder]()}
	for i := range reflect.TypeFor[settings]().NumField() {
		of := reflect.TypeFor[settings]().Field(i).Type
		types[of.Name()] = of
	}
	for name := range legionUsage {
		of, field, _ := strings.Cut(name, ".")
		if _, ok := types[of].FieldByName(field); !ok {
			t.Errorf("there is no %s", name)
		}
	}
}

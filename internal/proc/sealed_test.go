package proc

import (
	"reflect"
	"testing"

	"github.com/legion-go/legion/sandbox"
)

func exampleSandbox() *sandbox.Sandbox {
	return &sandbox.Sandbox{
		Read: []string{"/a,b", "/\xff"}, Write: []string{"/tmp"}, Setup: []string{"/model"}, Network: sandbox.TCP(443, 80),
		Exec: true, JIT: true, Env: []string{"A"}, User: "nobody", CPU: 0.5, FileSize: 1 << 40, Threads: 17, Strict: true, BestEffort: true,
	}
}

func TestSandboxTravels(t *testing.T) {
	for _, s := range []*sandbox.Sandbox{nil, {}, {Network: sandbox.AnyNetwork}, exampleSandbox()} {
		back, err := unpackSandbox(packSandbox(s))
		if err != nil || !reflect.DeepEqual(back, s) {
			t.Errorf("%+v becomes %+v, %v", s, back, err)
		}
	}
	// Each field that a later version adds must be in the text.
	full := reflect.ValueOf(exampleSandbox()).Elem()
	for i := range full.NumField() {
		if full.Field(i).IsZero() {
			t.Errorf("exampleSandbox has no %s", full.Type().Field(i).Name)
		}
	}
}

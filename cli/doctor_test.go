package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/legion-go/legion"
)

// Each pool with a sandbox is looked at: one that this system cannot hold keeps
// the daemon from starting, unless it does without.
func TestDoctorOnSandboxes(t *testing.T) {
	d := legion.New(legion.Config{Name: "boxes"})
	same := func(_ context.Context, n int) (int, error) { return n, nil }
	for name, box := range map[string]*legion.Sandbox{
		"none": nil, "locked": legion.Locked(), "besteffort": {User: "nobody at all", BestEffort: true},
	} {
		legion.Worker(d, name, same, legion.Pool{Sandbox: box})
	}
	all, ok := sandboxes(d)
	if !ok || len(all) != 2 {
		t.Errorf("%v, %+v", ok, all)
	}
	legion.Worker(d, "lacking", same, legion.Pool{Sandbox: &legion.Sandbox{User: "nobody at all"}})
	all, ok = sandboxes(d)
	if ok || len(all) != 3 {
		t.Errorf("%v, %+v", ok, all)
	}
	for _, f := range all {
		means := map[string]string{"locked": "functions do", "besteffort": "serves without", "lacking": "does not start"}[strings.TrimPrefix(f.Topic, "sandbox of ")]
		if !strings.Contains(f.Means, means) || f.OK != strings.HasSuffix(f.Topic, "locked") || f.OK != (f.Advice == "") || f.OK == strings.HasPrefix(f.Found, "not whole: ") {
			t.Errorf("%+v", f)
		}
	}
}

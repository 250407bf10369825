//go:build amd64 || arm64

package confine

import (
	"strings"
	"testing"

	"github.com/legion-go/legion/sandbox"
)

// In a process that is not confined, the probe says so.
func TestProbeOfNothing(t *testing.T) {
	for says, p := range map[string]plan{"seccomp does not hold": {calls: true, outer: true}, "Landlock does not hold": {outer: true}} {
		if err := probe(&sandbox.Sandbox{}, p); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

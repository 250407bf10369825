package doctor

import (
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/confine"
)

// What is missing is told with what that means, and the cure.
func TestSandboxes(t *testing.T) {
	for _, c := range []struct {
		of   confine.Abilities
		want []string // of each finding, in order: ok, or what it means
	}{
		{confine.Abilities{Landlock: 7, Seccomp: true}, []string{"ok", "ok"}},
		{confine.Abilities{Landlock: 8, Seccomp: true, Cgo: true}, []string{"ok", "ok"}},
		{confine.Abilities{Landlock: 7, Seccomp: true, Cgo: true}, []string{"ok", "ok", "a pool with Setup beside Read, Write or AnyNetwork in its Sandbox does not start"}},
		{confine.Abilities{Landlock: 5, Seccomp: true}, []string{"ok", "a pool with Exec of"}},
		{confine.Abilities{Landlock: 3, Seccomp: true}, []string{"ok", "a pool with Exec or ports of"}},
		{confine.Abilities{Seccomp: true, Cgo: true}, []string{"ok", "a pool with Read, Write, Setup, Exec or ports of"}},
		{confine.Abilities{}, []string{"a pool with a Sandbox does not start", "a pool with Read"}},
	} {
		found := sandboxes(c.of)
		if len(found) != len(c.want) {
			t.Errorf("%+v: %d findings, not %d", c.of, len(found), len(c.want))
			continue
		}
		for i, f := range found {
			if good := c.want[i] == "ok"; f.OK != good || !good && (!strings.HasPrefix(f.Means, c.want[i]) || f.Advice == "") {
				t.Errorf("%+v: %+v, not %q", c.of, f, c.want[i])
			}
		}
	}
}

package takeover

import (
	"slices"
	"testing"
)

// Only an upgrade counts, and only its successor learns of it.
func TestUpgrades(t *testing.T) {
	for kind, want := range map[string]bool{Upgrade: true, Background: false, Trial: false} {
		env := Spec{Kind: kind, Env: []string{"A=b"}}.environ(marker{})
		if got := slices.Contains(env, upgradesName+"=1"); got != want {
			t.Errorf("%s: %q", kind, env)
		}
	}
	if Upgrades() != 0 {
		t.Error(Upgrades())
	}
}

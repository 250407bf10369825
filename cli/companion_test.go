package cli

import (
	"path/filepath"
	"testing"
)

// What is said to install a companion suits where Legion comes from.
func TestInstallOfCompanions(t *testing.T) {
	clone, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string][2]string{
		clone:       {"go -C " + clone + " install ./cmd/legion", "GOWORK=off go -C " + clone + "/top install ./legion-top"},
		"..":        {"go install github.com/legion-go/legion/cmd/legion@latest", "go install github.com/legion-go/legion/top/legion-top@latest"}, // -trimpath
		t.TempDir(): {"go install github.com/legion-go/legion/cmd/legion@latest", "go install github.com/legion-go/legion/top/legion-top@latest"},
	} {
		if got := [2]string{browserDashboard.installFrom(dir), terminalTop.installFrom(dir)}; got != want {
			t.Errorf("from %s: %q, want %q", dir, got, want)
		}
	}
}

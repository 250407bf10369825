package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// GoTool returns what go tool prints about a recording, such as a profile. The
// file with the recording is its last argument.
func GoTool(t testing.TB, recording []byte, tool ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "recording")
	if err := os.WriteFile(file, recording, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", append(append([]string{"tool"}, tool...), file)...).CombinedOutput()
	if err != nil {
		t.Fatalf("go tool %q: %v\n%.2000s", tool, err, out)
	}
	return string(out)
}

package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// StderrIs puts f in the place of standard error until the test ends.
func StderrIs(t testing.TB, f *os.File) {
	was := os.Stderr
	os.Stderr = f
	t.Cleanup(func() { os.Stderr = was })
}

// CaptureStderr puts a file in the place of standard error until the test ends.
// The function that it returns reads what is in that file.
func CaptureStderr(t testing.TB) func() string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	StderrIs(t, f)
	t.Cleanup(func() { f.Close() })
	return func() string {
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

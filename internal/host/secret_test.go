package host

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A secret that other users may read or change is refused.
func TestReadSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, ok := range map[os.FileMode]bool{
		0o600: true, 0o400: true, 0o640: os.Getuid() == 0, 0o644: false, 0o604: false, 0o620: false, 0o602: false, 0o660: false,
	} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSecret(path); (err == nil) != ok || err != nil && !errors.Is(err, ErrUnsafe) {
			t.Errorf("%#o: %v", mode, err)
		}
	}
	if _, err := ReadSecret("/dev/null"); err != nil { // not a regular file: its mode does not matter
		t.Error(err)
	}
}

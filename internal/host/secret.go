package host

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// ReadSecret reads a file that contains a secret. As with a private key of ssh,
// only its owner may read or write it; if the owner is root, its group may read
// it, so that root can keep it for a daemon. errors.Is(err, ErrUnsafe) if other
// users may.
func ReadSecret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	forbidden, want := os.FileMode(0o077), "0600"
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid == 0 {
		forbidden, want = 0o037, "0640 at most, or 0600"
	}
	if mode := info.Mode(); mode.IsRegular() && mode.Perm()&forbidden != 0 {
		return nil, fmt.Errorf("%w: the file %s has mode %#o, so other users may read or change the secret in it: set its mode to %s with chmod, and make a new secret",
			ErrUnsafe, path, mode.Perm(), want)
	}
	return io.ReadAll(f)
}

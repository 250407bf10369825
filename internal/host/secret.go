package host

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// ReadSecret reads a file with a secret in it. As with a private key of ssh, nobody but its owner may read or write it; if
// that is root, its group may read it, so that root can keep it for a daemon. errors.Is(err, ErrUnsafe) if others may.
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
		return nil, fmt.Errorf("%w: the file %s has mode %#o, so that others may read or change the secret in it: make that %s with chmod, and the secret anew",
			ErrUnsafe, path, mode.Perm(), want)
	}
	return io.ReadAll(f)
}

//go:build !linux

package cli

func watchProcess(pid int) (gone <-chan struct{}, forget func()) {
	if pid <= 0 {
		over := make(chan struct{})
		close(over)
		return over, func() {}
	}
	return pollProcess(pid)
}

// ofService reports whether systemd, which exists only on Linux, runs the
// process.
func ofService(int, string) bool { return false }

package host

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Invoked returns the absolute path by which this process was started, given
// its first argument. Symbolic links stay in it, because they may lead to
// another release later; os.Executable resolves them. Call it at the start of
// the process, before the working directory and $PATH can change.
//
// A caller of exec may pass any first argument: if it does not lead to this
// program, Invoked returns the result of os.Executable. trusted says that
// Legion itself passed it: then an absolute path counts even if a link in it
// has changed since.
func Invoked(arg0 string, trusted bool) string {
	if trusted && filepath.IsAbs(arg0) {
		return arg0
	}
	resolved, err := os.Executable()
	path := arg0
	if arg0 != "" && !strings.Contains(arg0, "/") {
		path, _ = exec.LookPath(arg0)
	}
	if path != "" && !filepath.IsAbs(path) {
		// Not filepath.Abs, which would clean the path: link/.. is not the folder that
		// contains the link. Getwd keeps the links in $PWD.
		if dir, err := os.Getwd(); err == nil {
			path = strings.TrimSuffix(dir, "/") + "/" + strings.TrimPrefix(path, "./")
		}
	}
	if err != nil || filepath.IsAbs(path) && sameFile(path, resolved) {
		return path
	}
	return resolved
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

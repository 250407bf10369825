package host

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrUnsafe says that a folder or file is not used because another user could
// change its contents, or read a secret.
var ErrUnsafe = errors.New("not safe")

// RuntimeDir returns the absolute path of the folder for the sockets, locks and
// pid files of the daemon called name, which runs, or will run, as owner. It is
// the folder that [RuntimePath] names. RuntimeDir creates it with mode 0700 if
// it does not exist, but not its parent.
//
// A symbolic link, a folder of another user, a folder that group or others may
// write to, and a parent in which every user could replace the folder are
// refused: errors.Is(err, ErrUnsafe). When root creates the folder for another
// user, that user becomes its owner; an existing folder of root's changes its
// owner only if it is empty.
func RuntimeDir(name, explicit string, owner Identity) (string, error) {
	path, by, err := runtimePath(name, explicit, owner)
	if err != nil {
		return "", fmt.Errorf("finding a runtime folder for %q: %w", name, err)
	}
	if err := provide(path, by, owner); err != nil {
		return "", fmt.Errorf("the runtime folder %s (%s): %w", path, by, err)
	}
	return path, nil
}

// RuntimePath returns the folder that [RuntimeDir] would provide. It creates
// and checks nothing. The folder is the first of these that applies:
//
//   - explicit, if it is not empty; below the working directory if it is
//     relative
//   - the first entry of $RUNTIME_DIRECTORY, which systemd makes for a service
//   - $XDG_RUNTIME_DIR/name, if that folder belongs to owner; for root, not if
//     it belongs to a login (/run/user/0), because it would vanish with the
//     login
//   - /run/name, or /var/run/name on systems without /run: if this process is
//     root, or if that folder belongs to owner, as it does after a daemon
//     started as root has changed to owner
//   - name-UID in $TMPDIR, else in /tmp
func RuntimePath(name, explicit string, owner Identity) (string, error) {
	path, _, err := runtimePath(name, explicit, owner)
	return path, err
}

// How a runtime folder was found, for messages.
const (
	byConfig  = "given by the configuration"
	bySystemd = "from $RUNTIME_DIRECTORY"
	byXDG     = "in $XDG_RUNTIME_DIR"
	byDefault = "the default"
)

// runFolders are the system's places for such folders; the first that exists
// counts. Tests change it.
var runFolders = []string{"/run", "/var/run"}

func runtimePath(name, explicit string, owner Identity) (path, by string, err error) {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return "", "", fmt.Errorf("the name %q is not valid for a folder", name)
	}
	if explicit != "" {
		path, err := filepath.Abs(explicit) // also cleans it: a trailing slash would follow a link
		return path, byConfig, err
	}
	if list := os.Getenv("RUNTIME_DIRECTORY"); list != "" {
		first, _, _ := strings.Cut(list, ":")
		if !filepath.IsAbs(first) {
			return "", "", fmt.Errorf("$RUNTIME_DIRECTORY is %q, which does not begin with an absolute path: unset it, or let systemd set it", list)
		}
		return filepath.Clean(first), bySystemd, nil
	}
	if xdg := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(xdg) && belongs(xdg, owner.UID) {
		if owner.UID != 0 || !strings.HasPrefix(xdg, "/run/user/") {
			return filepath.Join(xdg, name), byXDG, nil
		}
	}
	for _, run := range runFolders {
		if info, err := os.Stat(run); err != nil || !info.IsDir() {
			continue
		}
		if path := filepath.Join(run, name); os.Geteuid() == 0 || belongs(path, owner.UID) {
			return path, byDefault, nil
		}
		break
	}
	// os.TempDir is $TMPDIR, else /tmp.
	path, err = filepath.Abs(filepath.Join(os.TempDir(), name+"-"+strconv.Itoa(owner.UID)))
	return path, byDefault, err
}

// belongs reports whether path is a folder of the user, and not a symbolic
// link.
func belongs(path string, uid int) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir() && ownerOf(info) == uid
}

// provide creates the folder, or checks that the existing one can be used.
func provide(path, by string, owner Identity) error {
	if err := checkParent(filepath.Dir(path)); err != nil {
		return err
	}
	err := os.Mkdir(path, 0o700)
	made := err == nil
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err // it names operation and path
	}
	dir, info, err := openFolder(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	if open := info.Mode() & 0o022; open != 0 {
		return fmt.Errorf("%w: its mode is %#o, so other users may write to it: check its contents, then run chmod go-w", ErrUnsafe, info.Mode().Perm())
	}
	switch uid := ownerOf(info); {
	case uid == owner.UID:
	case uid == os.Geteuid():
		if err := giveTo(dir, made, owner); err != nil {
			return err
		}
	case uid == 0 && by == bySystemd: // made by systemd, for the users that it lets in, by an access list for instance
	default:
		return fmt.Errorf("%w: it belongs to user %d, not to %d: remove it, or name another folder", ErrUnsafe, uid, owner.UID)
	}
	if os.Geteuid() == owner.UID {
		if err := unix.Access(path, unix.W_OK|unix.X_OK); err != nil {
			return fmt.Errorf("this process, user %d, may not write to it: %w", owner.UID, err)
		}
	}
	return nil
}

// LetPass adds bits, 0011 for every user or 0010 for the folder's group, to the
// mode of a folder that [RuntimeDir] has provided. These users can then reach
// files in it whose own modes admit them, but cannot list the folder. Unless
// gid is -1, LetPass first gives the folder to that group.
func LetPass(path string, bits fs.FileMode, gid int) error {
	dir, info, err := openFolder(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	if st, ok := info.Sys().(*syscall.Stat_t); ok && gid >= 0 && int(st.Gid) != gid {
		if err := dir.Chown(-1, gid); err != nil {
			return fmt.Errorf("giving the folder %s to group %d, so that its members reach the socket: %w: the daemon's user must be a member", path, gid, err)
		}

	}
	if info.Mode()&bits == bits {
		return nil
	}
	if err := dir.Chmod(info.Mode().Perm() | bits); err != nil {
		return fmt.Errorf("letting other users pass through the folder %s: %w", path, err)
	}
	return nil
}

// giveTo makes owner the owner of the folder, unless the folder existed before
// and is not empty: it might be /etc.
func giveTo(dir *os.File, made bool, owner Identity) error {
	if !made {
		switch _, err := dir.Readdirnames(1); {
		case err == nil:
			if info, err := dir.Stat(); err == nil && ownerOf(info) == owner.UID {
				return nil // another process has changed its owner in the meantime, and uses it already
			}
			return fmt.Errorf("it belongs to user %d and is not empty, but the daemon will run as user %d: chown or remove it, or name another folder",
				os.Geteuid(), owner.UID)
		case !errors.Is(err, io.EOF):
			return err
		}
	}
	if err := dir.Chown(owner.UID, owner.GID); err != nil {
		return fmt.Errorf("giving it to user %d: %w", owner.UID, err)
	}
	return nil
}

// checkParent refuses a folder in which every user can rename and remove other
// users' files.
func checkParent(parent string) error {
	info, err := os.Stat(parent)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("its parent folder does not exist: create it: %w", err)
	case err != nil:
		return err
	case info.Mode()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0:
		return fmt.Errorf("%w: every user may rename and remove files in %s: run chmod o-w or chmod +t", ErrUnsafe, parent)
	}
	return nil
}

// openFolder opens only folders. It does not follow a link; O_DIRECTORY also
// keeps the open from waiting for the other end of a named pipe.
func openFolder(path string) (*os.File, fs.FileInfo, error) {
	dir, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, nil, whyNotOpened(path, err)
	}
	info, err := dir.Stat()
	if err != nil {
		_ = dir.Close()
		return nil, nil, err
	}
	return dir, info, nil
}

// whyNotOpened distinguishes errors whose numbers differ between systems.
func whyNotOpened(path string, err error) error {
	info, err2 := os.Lstat(path)
	switch {
	case err2 != nil || info.IsDir():
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%w: it is a symbolic link: remove it, or name the folder itself", ErrUnsafe)
	default:
		return fmt.Errorf("%w: it is not a folder: remove it, or name another folder", ErrUnsafe)
	}
}

func ownerOf(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

package lock

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/legiontest"
)

func TestNetworkFileSystem(t *testing.T) {
	legiontest.CheckLeaks(t)
	real := fstatfs
	defer func() { fstatfs = real }()
	fstatfs = func(fd int, st *unix.Statfs_t) error {
		err := real(fd, st)
		st.Type = unix.NFS_SUPER_MAGIC
		return err
	}
	err := try(t, filepath.Join(t.TempDir(), "d.lock"), false)
	if err == nil || !strings.Contains(err.Error(), "network file system (NFS)") {
		t.Error(err)
	}
}

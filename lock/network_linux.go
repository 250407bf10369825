package lock

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// networked are the file systems that other machines may share.
// Whether a lock there reaches them, and how long it outlives a crash, depends
// on how they are mounted.
var networked = map[uint32]string{
	unix.NFS_SUPER_MAGIC:  "NFS",
	unix.SMB_SUPER_MAGIC:  "SMB",
	unix.CIFS_SUPER_MAGIC: "CIFS",
	unix.SMB2_SUPER_MAGIC: "SMB2",
	unix.AFS_SUPER_MAGIC:  "AFS",
	unix.CODA_SUPER_MAGIC: "Coda",
	unix.CEPH_SUPER_MAGIC: "Ceph",
	0x47504653:            "GPFS",
	0x0bd00bd0:            "Lustre",
}

// Tests change fstatfs.
var fstatfs = unix.Fstatfs

// refuseNetwork refuses a file on a network file system.
func refuseNetwork(f *os.File, path string) error {
	var st unix.Statfs_t
	if err := control(f, func(fd int) error { return fstatfs(fd, &st) }); err != nil {
		return fmt.Errorf("asking for the file system of the lock file %s: %w", path, err)
	}
	if name := networked[uint32(st.Type)]; name != "" {
		return fmt.Errorf("the lock file %s is on a network file system (%s), where a lock may outlive a crash, or be invisible to other machines: name a file on a local one, in /run for instance", path, name)
	}
	return nil
}

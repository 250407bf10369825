//go:build unix && !linux

package host

import "os"

// ids returns the ids of the process. These systems do not report the saved
// ids, so Drop tries whether there is a way back to root.
func ids() (idSet, error) {
	groups, err := os.Getgroups()
	return idSet{uids: []int{os.Getuid(), os.Geteuid()}, gids: []int{os.Getgid(), os.Getegid()}, groups: groups}, err
}

// verify checks the process: all its threads have the same ids. Its group may
// or may not be listed among the supplementary ones.
func verify(to Identity) error {
	now, err := ids()
	if err != nil {
		return err
	}
	now.groups = append(now.groups, to.GID)
	to.Groups = append([]int{to.GID}, to.Groups...)
	return now.check(to)
}

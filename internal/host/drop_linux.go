package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ids returns the ids of this thread.
func ids() (idSet, error) {
	ru, eu, su := unix.Getresuid()
	rg, eg, sg := unix.Getresgid()
	groups, err := os.Getgroups()
	return idSet{uids: []int{ru, eu, su}, gids: []int{rg, eg, sg}, groups: groups}, err
}

// verify checks every thread: on Linux each has its own ids. Without /proc it
// can check only this one.
func verify(to Identity) error {
	const dir = "/proc/self/task"
	threads, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		now, err := ids()
		if err != nil {
			return err
		}
		return now.check(to)
	}
	if err != nil {
		return err
	}
	for _, t := range threads {
		status, err := os.ReadFile(dir + "/" + t.Name() + "/status")
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // the thread has ended
		}
		if err != nil {
			return err
		}
		s, err := parseStatus(string(status))
		if err == nil {
			err = s.check(to)
		}
		if err != nil {
			return fmt.Errorf("thread %s: %w", t.Name(), err)
		}
	}
	return nil
}

// parseStatus reads the Uid, Gid and Groups lines of a status file, see
// proc(5).
func parseStatus(text string) (s idSet, err error) {
	found := 0
	for line := range strings.Lines(text) {
		key, values, _ := strings.Cut(line, ":")
		var to *[]int
		switch key {
		case "Uid":
			to = &s.uids
		case "Gid":
			to = &s.gids
		case "Groups":
			to = &s.groups
		default:
			continue
		}
		found++
		for _, v := range strings.Fields(values) {
			n, err := strconv.Atoi(v)
			if err != nil {
				return s, fmt.Errorf("its status has a line %q", line)
			}
			*to = append(*to, n)
		}
	}
	if found != 3 || len(s.uids) < 2 || len(s.gids) < 2 {
		return s, errors.New("its status lacks its ids")
	}
	return s, nil
}

package host

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// Drop makes this process, all of its threads, run as to, for good: supplementary groups first, then the group, then the
// user, because each step takes away the right to the one before it. Then it makes sure: of every thread, and that
// there is no way back. It needs root, unless the process is to already, which is success.
//
// After an error the process must end: it may have given up one thing and kept another.
func Drop(to Identity) error {
	if err := drop(to); err != nil {
		return fmt.Errorf("becoming user %d, group %d: %w", to.UID, to.GID, err)
	}
	return nil
}

func drop(to Identity) error {
	if to.UID < 0 || to.GID < 0 {
		return errors.New("there is no negative id")
	}
	now, err := ids()
	if err != nil {
		return err
	}
	if !now.effective0() {
		if now.is(to) {
			return nil
		}
		if slices.Contains(now.uids, 0) {
			return fmt.Errorf("this process has half given up root already (user ids %v): start it as root, or as the user it shall be", now.uids)
		}
		return fmt.Errorf("only root can, and this process is user %d, group %d (%w): start it as root, or leave user and group out of the configuration",
			now.uids[1], now.gids[1], syscall.EPERM)
	}
	for _, step := range []struct {
		what string
		do   func() error
	}{
		// Package syscall does these on all threads, in programs with C in them too. With root's rights they set the real,
		// the effective and the saved id.
		{"setting the supplementary groups", func() error { return syscall.Setgroups(to.groups()) }},
		{"setting the group", func() error { return syscall.Setgid(to.GID) }},
		{"setting the user", func() error { return syscall.Setuid(to.UID) }},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	if err := verify(to); err != nil {
		return fmt.Errorf("it did not work everywhere: %w", err)
	}
	if to.UID != 0 && syscall.Setuid(0) == nil {
		return errors.New("it does not hold: the process could become root again")
	}
	return nil
}

// groups is never empty: setting none at all would leave the reader of /proc to guess.
func (id Identity) groups() []int {
	if len(id.Groups) == 0 {
		return []int{id.GID}
	}
	return id.Groups
}

// idSet is what the kernel knows about one thread: real, effective, saved (and, on Linux, file system) ids.
type idSet struct {
	uids, gids []int
	groups     []int
}

func (s idSet) effective0() bool { return s.uids[1] == 0 }

// is reports whether no id is another than to's; supplementary groups aside.
func (s idSet) is(to Identity) bool {
	other := func(want int) func(int) bool { return func(n int) bool { return n != want } }
	return !slices.ContainsFunc(s.uids, other(to.UID)) && !slices.ContainsFunc(s.gids, other(to.GID))
}

// check compares everything, in whatever order the groups are.
func (s idSet) check(to Identity) error {
	have, want := sortedSet(s.groups), sortedSet(to.groups())
	if !s.is(to) || !slices.Equal(have, want) {
		return fmt.Errorf("user ids %v, group ids %v, groups %v instead of %d, %d, %v", s.uids, s.gids, have, to.UID, to.GID, want)
	}
	return nil
}

func sortedSet(ids []int) []int { return slices.Compact(slices.Sorted(slices.Values(ids))) }

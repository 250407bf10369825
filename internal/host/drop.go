package host

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// Drop makes this process, with all its threads, run as to, for good:
// supplementary groups first, then the group, then the user, because each step
// gives up the right to the step before it. Then it verifies that every thread
// has changed and cannot change back. It needs root, unless the process runs as
// to already; then it succeeds.
//
// After an error the process must end: it may have given up one thing and kept
// another.
func Drop(to Identity) error {
	if err := drop(to); err != nil {
		return fmt.Errorf("becoming user %d, group %d: %w", to.UID, to.GID, err)
	}
	return nil
}

func drop(to Identity) error {
	if to.UID < 0 || to.GID < 0 {
		return errors.New("an id must not be negative")
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
			return fmt.Errorf("this process has given up root only partly (user ids %v): start it as root, or as the user it should run as", now.uids)
		}
		return fmt.Errorf("only root can, and this process is user %d, group %d (%w): start it as root, or leave user and group out of the configuration",
			now.uids[1], now.gids[1], syscall.EPERM)
	}
	for _, step := range []struct {
		what string
		do   func() error
	}{
		// Package syscall runs these on all threads, even in programs with C code. With
		// root's rights they set the real, the effective and the saved id.
		{"setting the supplementary groups", func() error { return syscall.Setgroups(to.groups()) }},
		{"setting the group", func() error { return syscall.Setgid(to.GID) }},
		{"setting the user", func() error { return syscall.Setuid(to.UID) }},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	if err := verify(to); err != nil {
		return fmt.Errorf("not all of the process has changed: %w", err)
	}
	if to.UID != 0 && syscall.Setuid(0) == nil {
		return errors.New("it is not final: the process could become root again")
	}
	return nil
}

// groups is never empty: without any group, a reader of /proc could not tell
// that they were set.
func (id Identity) groups() []int {
	if len(id.Groups) == 0 {
		return []int{id.GID}
	}
	return id.Groups
}

// idSet holds the kernel's ids of one thread: real, effective, saved (and, on
// Linux, file system) ids.
type idSet struct {
	uids, gids []int
	groups     []int
}

func (s idSet) effective0() bool { return s.uids[1] == 0 }

// is reports whether all ids are to's, without the supplementary groups.
func (s idSet) is(to Identity) bool {
	other := func(want int) func(int) bool { return func(n int) bool { return n != want } }
	return !slices.ContainsFunc(s.uids, other(to.UID)) && !slices.ContainsFunc(s.gids, other(to.GID))
}

// check compares all ids, and the groups in any order.
func (s idSet) check(to Identity) error {
	have, want := sortedSet(s.groups), sortedSet(to.groups())
	if !s.is(to) || !slices.Equal(have, want) {
		return fmt.Errorf("user ids %v, group ids %v, groups %v instead of %d, %d, %v", s.uids, s.gids, have, to.UID, to.GID, want)
	}
	return nil
}

func sortedSet(ids []int) []int { return slices.Compact(slices.Sorted(slices.Values(ids))) }

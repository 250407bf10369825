package host

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// ErrUnknown says that the user or group does not exist.
var ErrUnknown = errors.New("unknown")

// Identity is the user and groups that a process runs as.
type Identity struct {
	UID, GID int
	// Groups are the supplementary groups.
	Groups []int
	// Name and Home are "" for a user given only by number.
	Name, Home string
}

// Current returns the identity of this process: its effective ids.
func Current() Identity {
	id := Identity{UID: os.Geteuid(), GID: os.Getegid()}
	id.Groups, _ = os.Getgroups()
	if users, err := readUsers(); err == nil {
		if i := slices.IndexFunc(users, func(u account) bool { return u.id == id.UID }); i >= 0 {
			id.Name, id.Home = users[i].name, users[i].home
		}
	}
	return id
}

// Lookup returns the identity of a user and a group, each given by name or by
// number. Without a group it has the user's primary group, and as supplementary
// groups the groups in /etc/group that list the user as a member. With only a
// group, the user does not change, and the group is the only one. With neither
// it is [Current].
//
// errors.Is(err, ErrUnknown) if the user or group does not exist. A number
// needs no account; for a user without an account, a group must be given too.
func Lookup(user, group string) (Identity, error) {
	if user == "" && group == "" {
		return Current(), nil
	}
	id := Current()
	id.Groups = nil
	if user != "" {
		u, err := findUser(user)
		if err != nil {
			return Identity{}, err
		}
		if u.name == "" && group == "" {
			return Identity{}, fmt.Errorf("user %d has no account in %s, so its group is %w: give the group too", u.id, usersFile, ErrUnknown)
		}
		id = Identity{UID: u.id, GID: u.group, Name: u.name, Home: u.home}
	}
	groups, err := readGroups()
	if err != nil {
		return Identity{}, err
	}
	if group != "" {
		if id.GID, err = findGroup(groups, group); err != nil {
			return Identity{}, err
		}
	}
	id.Groups = []int{id.GID}
	for _, g := range groups {
		if user != "" && id.Name != "" && slices.Contains(g.members, id.Name) && !slices.Contains(id.Groups, g.id) {
			id.Groups = append(id.Groups, g.id)
		}
	}
	return id, nil
}

// LookupPair is Lookup of "user" or "user:group".
func LookupPair(pair string) (Identity, error) {
	user, group, both := strings.Cut(pair, ":")
	if user == "" || both && group == "" {
		return Identity{}, fmt.Errorf("%q is not a user, nor user:group", pair)
	}
	return Lookup(user, group)
}

// findUser tries the name first: a name may consist of digits.
func findUser(user string) (account, error) {
	users, err := readUsers()
	if err != nil {
		return account{}, err
	}
	for _, u := range users {
		if u.name == user {
			return u, nil
		}
	}
	n, ok := number(user)
	if !ok {
		return account{}, fmt.Errorf("user %q is %w: it is not in %s: create it, correct the name, or give its number and a group", user, ErrUnknown, usersFile)
	}
	for _, u := range users {
		if u.id == n {
			return u, nil
		}
	}
	return account{id: n}, nil
}

func findGroup(groups []account, group string) (int, error) {
	for _, g := range groups {
		if g.name == group {
			return g.id, nil
		}
	}
	n, ok := number(group)
	if !ok {
		return 0, fmt.Errorf("group %q is %w: it is not in %s: create it, correct the name, or give its number", group, ErrUnknown, groupsFile)
	}
	return n, nil
}

// number reads an id. The largest number is not an id: system calls read it as
// "leave unchanged".
func number(s string) (int, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return int(n), err == nil && n != 1<<32-1
}

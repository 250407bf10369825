package host

import (
	"os"
	"strconv"
	"sync/atomic"
)

// named is a user, or a group, whose name was looked up.
type named struct {
	id   int
	name string
}

// The last user and group that were looked up.
var lastUser, lastGroup atomic.Pointer[named]

// UserName returns the name of the user that this process runs as, or the
// number if the user has no name. It reads the list of users, which may be
// long, again only after the process has changed its user.
func UserName() string { return nameOf(&lastUser, os.Geteuid(), readUsers) }

// GroupName is [UserName] for the group.
func GroupName() string { return nameOf(&lastGroup, os.Getegid(), readGroups) }

func nameOf(last *atomic.Pointer[named], id int, read func() ([]account, error)) string {
	if n := last.Load(); n != nil && n.id == id {
		return n.name
	}
	n := &named{id, strconv.Itoa(id)}
	accounts, _ := read()
	for _, a := range accounts {
		if a.id == id {
			n.name = a.name
			break
		}
	}
	last.Store(n)
	return n.name
}

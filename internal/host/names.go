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

// The user and the group that were looked up last.
var lastUser, lastGroup atomic.Pointer[named]

// UserName returns the name of the user whom this process runs as, or the number
// of one without a name. The list of users, which may be long, is read again only
// after the process has become another user.
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

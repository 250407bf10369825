package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// The files with the accounts. Tests change them.
var (
	usersFile  = "/etc/passwd"
	groupsFile = "/etc/group"
)

// account is a line of one of these files.
type account struct {
	name    string
	id      int
	group   int      // of a user
	home    string   // of a user
	members []string // of a group
}

func readUsers() ([]account, error) { return readAccounts(usersFile, parseUsers) }

func readGroups() ([]account, error) { return readAccounts(groupsFile, parseGroups) }

// readAccounts returns no accounts if the file does not exist, as in a small
// container: numbers still work.
func readAccounts(file string, parse func(string) []account) ([]account, error) {
	b, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking up accounts: %w", err)
	}
	return parse(string(b)), nil
}

// parseUsers reads passwd(5): name:password:uid:gid:comment:home:shell. Like
// the C library, it skips other lines: comments, and the + and - of NIS.
func parseUsers(text string) (users []account) {
	for f := range accountLines(text, 6) {
		uid, ok1 := number(f[2])
		gid, ok2 := number(f[3])
		if ok1 && ok2 {
			users = append(users, account{name: f[0], id: uid, group: gid, home: f[5]})
		}
	}
	return users
}

// parseGroups reads group(5): name:password:gid:member,member.
func parseGroups(text string) (groups []account) {
	for f := range accountLines(text, 4) {
		if gid, ok := number(f[2]); ok {
			groups = append(groups, account{name: f[0], id: gid, members: strings.Split(f[3], ",")})
		}
	}
	return groups
}

// accountLines yields the fields of each line that has a name and at least the
// given number of fields.
func accountLines(text string, fields int) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			f := strings.Split(line, ":")
			if len(f) < fields || f[0] == "" || strings.ContainsAny(f[0][:1], "#+-") {
				continue
			}
			if !yield(f) {
				return
			}
		}
	}
}

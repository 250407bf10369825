package host

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// accounts replaces the system's files by files of the test.
func accounts(t *testing.T, users, groups string) {
	t.Helper()
	dir := t.TempDir()
	u, g := usersFile, groupsFile
	t.Cleanup(func() { usersFile, groupsFile = u, g })
	usersFile, groupsFile = filepath.Join(dir, "passwd"), filepath.Join(dir, "group")
	if err := errors.Join(os.WriteFile(usersFile, []byte(users), 0o600), os.WriteFile(groupsFile, []byte(groups), 0o600)); err != nil {
		t.Fatal(err)
	}
}

const (
	users = `root:x:0:0:root:/root:/bin/sh
# comment:x:1:1::/:
+nis:x:2:2::/:
short:x:3
bad:x:many:1::/:
none:x:4294967295:1::/:
www:x:54321:54322:web,,,:/srv/www:/usr/sbin/nologin
1000:x:7:8:a name of digits:/:
`
	groups = "root:x:0:\nwww:x:54322:\nvideo:x:44:bob,www\nagain:x:44:www\nadm:x:4:bob,www,alice\nbob:x:9:wwww\n"
)

func TestLookup(t *testing.T) {
	accounts(t, users, groups)
	me := Current()
	www := Identity{UID: 54321, GID: 54322, Groups: []int{54322, 44, 4}, Name: "www", Home: "/srv/www"}
	video := www
	video.GID, video.Groups = 44, []int{44, 4}
	justGroup := me
	justGroup.GID, justGroup.Groups = 44, []int{44}
	for _, c := range []struct {
		user, group string
		want        Identity
	}{
		{"www", "", www},
		{"54321", "", www},
		{"www", "video", video},
		{"www", "44", video},
		{"1000", "", Identity{UID: 7, GID: 8, Groups: []int{8}, Name: "1000", Home: "/"}},
		{"77", "88", Identity{UID: 77, GID: 88, Groups: []int{88}}},
		{"", "video", justGroup},
		{"", "", me},
	} {
		got, err := Lookup(c.user, c.group)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q %q: %+v, %v; not %+v", c.user, c.group, got, err, c.want)
		}
	}
	for _, c := range []struct{ user, group, says string }{
		{"wwww", "", `user "wwww" is unknown: it is not in ` + usersFile},
		{"www", "vide", `group "vide" is unknown: it is not in ` + groupsFile},
		{"", "vide", `group "vide"`},
		{"77", "", "give the group too"},
		{"-1", "1", `user "-1"`},
		{"4294967295", "1", `user "4294967295"`},
		{"4294967296", "1", "unknown"},
		{"none", "", "unknown"},
		{"+nis", "", "unknown"},
	} {
		_, err := Lookup(c.user, c.group)
		contains(t, err, c.says)
		if !errors.Is(err, ErrUnknown) {
			t.Error(err)
		}
	}
}

func TestLookupWithoutFiles(t *testing.T) {
	accounts(t, "", "")
	os.Remove(usersFile)
	os.Remove(groupsFile)
	if id, err := Lookup("77", "88"); err != nil || id.UID != 77 || id.GID != 88 {
		t.Error(id, err)
	}
	if _, err := Lookup("root", ""); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	os.Mkdir(usersFile, 0o700)
	_, err := Lookup("77", "88")
	contains(t, err, "looking up accounts", usersFile)
}

func TestSystemsAccounts(t *testing.T) {
	id, err := Lookup("root", "")
	if err != nil || id.UID != 0 || id.GID != 0 || id.Home == "" {
		t.Errorf("%+v, %v", id, err)
	}
}

func FuzzAccounts(f *testing.F) {
	f.Add(users)
	f.Add(groups)
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range append(parseUsers(text), parseGroups(text)...) {
			if a.name == "" || a.id < 0 || a.id == 1<<32-1 || strings.Contains(a.name, ":") {
				t.Errorf("%q: %+v", text, a)
			}
		}
	})
}

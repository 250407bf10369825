package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

var stranger = Identity{UID: 54321, GID: 54322}

func TestRuntimePath(t *testing.T) {
	me := Current()
	dir := t.TempDir()
	for _, f := range []string{"xdg", "run", "run/mine"} {
		if err := os.Mkdir(filepath.Join(dir, f), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("mine", dir+"/run/link"); err != nil {
		t.Fatal(err)
	}
	wd, _ := os.Getwd()
	clean(t)
	for _, c := range []struct {
		why            string
		env            []string
		run            string
		name, explicit string
		owner          Identity
		want           string
	}{
		{"explicit", []string{"RUNTIME_DIRECTORY=/r"}, "", "d", "/a/b/", me, "/a/b"},
		{"relative", nil, "", "d", "b/../c", me, wd + "/c"},
		{"systemd", []string{"RUNTIME_DIRECTORY=/r/one:/r/two", "XDG_RUNTIME_DIR=" + dir + "/xdg"}, "", "d", "", me, "/r/one"},
		{"xdg", []string{"XDG_RUNTIME_DIR=" + dir + "/xdg"}, dir + "/run", "d", "", me, dir + "/xdg/d"},
		{"another user's xdg", []string{"XDG_RUNTIME_DIR=" + dir + "/xdg", "TMPDIR=/t"}, "", "d", "", stranger, "/t/d-54321"},
		{"missing xdg", []string{"XDG_RUNTIME_DIR=/missing", "TMPDIR=/t"}, "", "d", "", me, fmt.Sprintf("/t/d-%d", me.UID)},
		{"relative xdg", []string{"XDG_RUNTIME_DIR=.", "TMPDIR=/t"}, "", "d", "", me, fmt.Sprintf("/t/d-%d", me.UID)},
		{"made before by root", nil, dir + "/run", "mine", "", me, dir + "/run/mine"},
		{"tmp", nil, "", "d", "", me, fmt.Sprintf("/tmp/d-%d", me.UID)},
	} {
		t.Run(c.why, func(t *testing.T) {
			clean(t)
			for _, kv := range c.env {
				name, value, _ := strings.Cut(kv, "=")
				t.Setenv(name, value)
			}
			runFolders = []string{"/missing", c.run}
			got, err := RuntimePath(c.name, c.explicit, c.owner)
			if got != c.want || err != nil {
				t.Errorf("%q, %v; not %q", got, err, c.want)
			}
		})
	}
	if belongs(dir+"/run/link", me.UID) {
		t.Error("a symbolic link counts as a user's folder")
	}
	for _, name := range []string{"", ".", "..", "a/b", "a\x00b"} {
		_, err := RuntimeDir(name, "", me)
		contains(t, err, "is not valid for a folder")
	}
	t.Setenv("RUNTIME_DIRECTORY", "relative:/b")
	_, err := RuntimeDir("d", "", me)
	contains(t, err, "RUNTIME_DIRECTORY", "absolute")
}

func TestRootUsesRun(t *testing.T) {
	needsRoot(t)
	clean(t)
	runFolders = []string{"/run"}
	if belongs("/run/user/0", 0) {
		t.Setenv("XDG_RUNTIME_DIR", "/run/user/0")
	}
	for _, owner := range []Identity{Current(), stranger} {
		if got, err := RuntimePath("d", "", owner); got != "/run/d" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestRuntimeDirIsMade(t *testing.T) {
	clean(t)
	path := filepath.Join(t.TempDir(), "new")
	for range 2 {
		got, err := RuntimeDir("d", path+"/", Current())
		if got != path || err != nil {
			t.Fatal(got, err)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != fs.ModeDir|0o700 {
			t.Fatal(info, err)
		}
	}
	if err := os.WriteFile(path+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	os.Chmod(path, 0o755) // others may list it
	if _, err := RuntimeDir("d", path, Current()); err != nil {
		t.Error(err)
	}
}

// A refused folder is left unchanged.
func TestRuntimeDirRefuses(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	mkdir := func(name string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	mkdir("target", 0o700)
	link := filepath.Join(dir, "link")
	file := filepath.Join(dir, "file")
	pipe := filepath.Join(dir, "pipe")
	dangling := filepath.Join(dir, "dangling")
	if err := errors.Join(os.Symlink(target, link), os.Symlink("nowhere", dangling), os.WriteFile(file, []byte("x"), 0o600), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	open := mkdir("open", 0o777)
	cases := []struct {
		path   string
		unsafe bool
		says   string
	}{
		{link, true, "symbolic link"},
		{link + "/", true, "symbolic link"},
		{dangling, true, "symbolic link"},
		{file, true, "not a folder"},
		{pipe, true, "not a folder"},
		{mkdir("group", 0o770), true, "0770"},
		{mkdir("world", 0o707), true, "other users may write"},
		{mkdir("sticky", 0o777|fs.ModeSticky), true, "other users may write"},
		{open + "/below", true, "every user may rename"},
		{dir + "/missing/below", false, "create it"},
	}
	if os.Geteuid() == 0 {
		foreign := mkdir("foreign", 0o700)
		if err := os.Chown(foreign, stranger.UID, stranger.GID); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, struct {
			path   string
			unsafe bool
			says   string
		}{foreign, true, "belongs to user 54321, not to 0"})
	}
	before := listing(t, dir)
	for _, c := range cases {
		_, err := RuntimeDir("d", c.path, Current())
		contains(t, err, c.says, strings.TrimSuffix(c.path, "/"), "given by the configuration")
		if errors.Is(err, ErrUnsafe) != c.unsafe {
			t.Errorf("%s: %v", c.path, err)
		}
	}
	if after := listing(t, dir); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// listing describes everything that must not change in a folder.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		to, _ := os.Readlink(path)
		fmt.Fprintln(&b, path, info.Mode(), st.Ino, st.Uid, st.Gid, info.Size(), info.ModTime(), to)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRuntimeDirForAnotherUser(t *testing.T) {
	needsRoot(t)
	clean(t)
	dir := t.TempDir()
	path := dir + "/d"
	ownerIs := func(want int) {
		t.Helper()
		info, err := os.Lstat(path)
		if err != nil || ownerOf(info) != want || info.Mode().Perm() != 0o700 {
			t.Fatal(info, err)
		}
	}
	for range 2 { // first it is created, then it exists
		if _, err := RuntimeDir("d", path, stranger); err != nil {
			t.Fatal(err)
		}
		ownerIs(stranger.UID)
	}
	// As if the process had been killed between mkdir and chown.
	os.Chown(path, 0, 0)
	if _, err := RuntimeDir("d", path, stranger); err != nil {
		t.Fatal(err)
	}
	ownerIs(stranger.UID)
	// A folder with files in it may be any folder.
	os.Chown(path, 0, 0)
	os.WriteFile(path+"/passwd", nil, 0o600)
	_, err := RuntimeDir("d", path, stranger)
	contains(t, err, "not empty", "54321")
	ownerIs(0)
}

// A folder of root's that systemd made is trusted, but the daemon must be able
// to write to it.
func TestSystemdsFolderOfRoot(t *testing.T) {
	needsRoot(t)
	clean(t)
	top, err := os.MkdirTemp("/tmp", "host-test-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(top)
	os.Chmod(top, 0o755)
	os.Mkdir(top+"/d", 0o755)
	t.Setenv("RUNTIME_DIRECTORY", top+"/d")
	if got := play(t, 54321, "runtimedir", "").line(t); !strings.Contains(got, "may not write to it: permission denied") {
		t.Error(got)
	}
	os.Unsetenv("RUNTIME_DIRECTORY")
	if got := play(t, 54321, "runtimedir", top+"/d").line(t); !strings.Contains(got, "it belongs to user 0, not to 54321") {
		t.Error(got)
	}
}

// Processes that start at the same time get the same folder.
func TestRuntimeDirRace(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	owner := Current()
	if os.Geteuid() == 0 {
		owner = stranger
	}
	for round := range 50 {
		path := fmt.Sprintf("%s/%d", dir, round)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, err := RuntimeDir("d", path, owner); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if info, err := os.Lstat(path); err != nil || ownerOf(info) != owner.UID || info.Mode() != fs.ModeDir|0o700 {
			t.Fatal(info, err)
		}
	}
	// The same with processes.
	var players []*player
	for range 6 {
		players = append(players, play(t, 0, "runtimedir", dir+"/processes"))
	}
	for _, p := range players {
		p.in.Close() // all of them wait for this
	}
	for _, p := range players {
		if got := p.line(t); got != dir+"/processes" {
			t.Error(got)
		}
	}
}

// A folder that changes into a link and back is never followed.
func TestRuntimeDirSwapped(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	owner := Current()
	if os.Geteuid() == 0 {
		owner = stranger
	}
	target, path := dir+"/target", dir+"/path"
	os.Mkdir(target, 0o700)
	before := listing(t, target)
	stop := make(chan struct{})
	var swapper sync.WaitGroup
	swapper.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			os.Mkdir(path, 0o700)
			os.Remove(path)
			os.Symlink(target, path)
			os.Remove(path)
		}
	})
	for range 3000 {
		RuntimeDir("d", path, owner) // may fail or succeed
	}
	close(stop)
	swapper.Wait()
	if after := listing(t, target); after != before {
		t.Errorf("before: %s\nafter: %s", before, after)
	}
}

func init() {
	parts["runtimedir"] = func(args []string) {
		if os.Geteuid() != 54321 {
			pause()
		}
		path, err := RuntimeDir("d", args[0], Current())
		check(err)
		fmt.Println(path)
	}
}

package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

func TestUmask(t *testing.T) {
	before := Umask(0o027)
	defer Umask(before)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
		t.Error(info, err)
	}
	if got := Umask(before); got != 0o027 {
		t.Errorf("%#o", got)
	}
}

func TestChdir(t *testing.T) {
	old, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chdir(old) })
	t.Setenv("PWD", old)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := Chdir(dir); err != nil {
		t.Fatal(err)
	}
	if wd, err := os.Getwd(); wd != dir || err != nil || os.Getenv("PWD") != dir {
		t.Error(wd, err, os.Getenv("PWD"))
	}
	if err := Chdir("missing"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestCleanEnv(t *testing.T) {
	environ := []string{"PATH=/bin", "TERM=xterm", "SSH_AUTH_SOCK=/x", "HOME=/root", "USER=root", "XDG_RUNTIME_DIR=/run/user/0",
		"SUDO_USER=bob", "TERMITE=1", "NOTIFY_SOCKET=/run/n", "_=/bin/x", "EMPTY=", "nonsense"}
	for _, c := range []struct {
		to   Identity
		want []string
	}{
		{Current(), []string{"PATH=/bin", "HOME=/root", "USER=root", "XDG_RUNTIME_DIR=/run/user/0", "TERMITE=1", "NOTIFY_SOCKET=/run/n", "EMPTY="}},
		{Identity{UID: 77}, []string{"PATH=/bin", "TERMITE=1", "NOTIFY_SOCKET=/run/n", "EMPTY="}},
		{Identity{UID: 77, Name: "www", Home: "/srv"}, []string{"PATH=/bin", "TERMITE=1", "NOTIFY_SOCKET=/run/n", "EMPTY=", "HOME=/srv", "USER=www", "LOGNAME=www"}},
	} {
		if got := CleanEnv(environ, c.to); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q", c.to, got)
		}
	}
}

func TestExplainNice(t *testing.T) {
	for err, says := range map[error]string{
		syscall.EACCES: "setting the nice value to -5: less than it is needs CAP_SYS_NICE, which root has: permission denied",
		syscall.ESRCH:  "setting the nice value to -5: no such process",
	} {
		if got := ExplainNice(-5, err); got == nil || got.Error() != says || !errors.Is(got, err) {
			t.Errorf("got %v, want %q", got, says)
		}
	}
	if err := ExplainNice(-5, nil); err != nil {
		t.Error(err)
	}
}

package client

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// stranger is another user than the one who runs the tests.
var stranger = func() int {
	if os.Geteuid() == 65534 {
		return 65533
	}
	return 65534
}()

// asStranger runs fn with another user's rights on files, if this process is
// root, who may do anything.
func asStranger(t *testing.T, fn func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		fn()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and for ever: the thread ends with the goroutine
		if _, err := unix.SetfsuidRetUid(stranger); err != nil {
			t.Error(err)
			return
		}
		fn()
	}()
	<-done
}

func TestPermission(t *testing.T) {
	leaks(t)
	h := newHouse(t)
	address := h.daemon(h.run+"/thumbs", named("thumbs"))
	folder := h.run + "/thumbs"
	for _, closed := range []string{folder + "/control.sock", folder} {
		if err := os.Chmod(closed, 0); err != nil {
			t.Fatal(err)
		}
		check := func(what string, err error) {
			t.Helper()
			e, ok := errors.AsType[*PermissionError](err)
			if !ok || e.Address != address || !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s, %s: got %v", closed, what, err)
				return
			}
			if allowed := fmt.Sprintf("user %d, group %d, mode 0 of %s", os.Geteuid(), os.Getegid(), closed); e.Allowed != allowed || !strings.Contains(e.Error(), allowed) {
				t.Errorf("%s, %s: allowed are %q", closed, what, e.Allowed)
			}
			if (e.Folder == folder) != (closed == folder) || strings.Contains(e.Error(), "chmod o+x "+folder) != (closed == folder) {
				t.Errorf("%s, %s: the folder in the way is %q: %v", closed, what, e.Folder, e)
			}
		}
		asStranger(t, func() {
			_, err := Dial(soon(t), address, Options{})
			check("by address", err)
			_, err = Dial(soon(t), "thumbs", Options{})
			check("by name", err)
			_, err = Find("thumbs")
			check("found", err)
		})
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	// List has the daemons that this user can see, with the reason.
	asStranger(t, func() {
		f := spot{"thumbs", folder, -1}.ping(soon(t))
		if f == nil || f.Name != "thumbs" || f.UID != os.Geteuid() || !errors.Is(f.Err, fs.ErrPermission) {
			t.Errorf("got %+v", f)
		}
	})
}

// A folder that another user has made, where every user can, is not trusted.
func TestFindForeignFolder(t *testing.T) {
	h := newHouse(t)
	folder := h.own(h.temp, "thumbs")
	h.daemon(folder, named("thumbs"))
	p := here()
	spots := p.of("thumbs")
	for i := range spots {
		if spots[i].folder == folder {
			spots[i].owner = stranger // as if this were he
			if err := spots[i].check(); !errors.Is(err, errForeignFolder) {
				t.Errorf("got %v", err)
			}
		}
	}
	// Any user could make a link to a folder of this user's.
	if err := os.Rename(folder, folder+".moved"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(folder+".moved", folder); err != nil {
		t.Fatal(err)
	}
	_, err := Find("thumbs")
	if e, ok := errors.AsType[*NotRunningError](err); !ok || !strings.Contains(e.Error(), folder+"/control.sock (its folder is not this user's)") {
		t.Errorf("got %v", err)
	}
	if found, _ := List(); len(found) != 0 {
		t.Errorf("listed: %+v", found)
	}
	// A file of this user's is nobody's folder.
	if err := errors.Join(os.Remove(folder), os.WriteFile(folder, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := Find("thumbs"); !strings.Contains(err.Error(), folder+"/control.sock") || strings.Contains(err.Error(), errForeignFolder.Error()) {
		t.Errorf("got %v", err)
	}
}

// Root sees the daemons of all users, and none of them counts as its own.
func TestListOfRoot(t *testing.T) {
	h := newHouse(t)
	mine := fmt.Sprintf("%s/user/%d", h.run, os.Geteuid())
	where := h.daemon(mine+"/thumbs", named("thumbs"))
	temporary := h.daemon(h.own(h.temp, "zoo"), named("zoo"))
	p := here()
	p.own, p.uid = nil, 0
	found := p.list(soon(t))
	if len(found) != 2 || found[0].Address != where || found[0].UID != os.Geteuid() || found[1].Address != temporary {
		t.Errorf("got %+v", found)
	}
	p.uid = stranger
	if found := p.list(soon(t)); len(found) != 0 {
		t.Errorf("another sees %+v", found)
	}
	p.uid = 0
	_, err := p.first(soon(t), "thumbs", func(address) error { return &NotRunningError{} })
	if e, ok := errors.AsType[*NotRunningError](err); !ok || !slices.Equal(e.Others, []string{where}) {
		t.Errorf("got %v", err)
	}
}

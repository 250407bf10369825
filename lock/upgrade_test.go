package lock

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/slow"
	"github.com/legion-go/legion/legiontest"
)

// upgraded is the old process of an upgrade, this one, and how to make the new.
type upgraded struct {
	t           *testing.T
	kind, where string
	host        *fakeHost
	stop        func()
	pass        func()
}

func old(t *testing.T, kind, where string) *upgraded {
	u := &upgraded{t: t, kind: kind, where: where, host: &fakeHost{}}
	start, stop, pass := attached(kind, where, u.host)
	must(t, start(t.Context()))
	u.pass = pass
	u.stop = func() {
		for _, f := range u.host.copies {
			must(t, f.Close())
		}
		u.host.copies = nil
		must(t, stop(t.Context()))
	}
	return u
}

func (u *upgraded) next() *child {
	args := []string{u.kind, u.where, "inherit"}
	var files []*os.File
	for name, f := range u.host.kept {
		args, files = append(args, name), append(files, f)
	}
	return run(u.t, files, args...)
}

// holder is the holder that a third process finds.
func (u *upgraded) holder() string {
	u.t.Helper()
	c := run(u.t, nil, u.kind, u.where)
	defer c.end()
	if c.ready() {
		return ""
	}
	_, stderr := c.end()
	if _, after, ok := strings.Cut(stderr, "process "); ok {
		pid, _, _ := strings.Cut(after, " ")
		return strings.Trim(pid, ",")
	}
	u.t.Error(stderr)
	return ""
}

// becomes waits until the holder is the wanted one; until then it must be
// other.
func (u *upgraded) becomes(want, other string) {
	u.t.Helper()
	for deadline := time.Now().Add(hangGuard); ; {
		switch got := u.holder(); {
		case got == want:
			return
		case got != other:
			u.t.Fatalf("the holder is %q, neither %s nor %s", got, want, other)
		case time.Now().After(deadline):
			u.t.Fatalf("the holder is still %s, not %s", got, want)
		}
	}
}

func upgrades(t *testing.T, test func(t *testing.T, kind, where string)) {
	legiontest.CheckLeaks(t)
	for kind, where := range places(t) {
		t.Run(kind, func(t *testing.T) { test(t, kind, where) })
	}
}

// At each moment of an upgrade a third process finds the lock held: by the old
// process, until it says that the new one has taken over.
func TestUpgrade(t *testing.T) {
	upgrades(t, func(t *testing.T, kind, where string) {
		u := old(t, kind, where)
		me := strconv.Itoa(os.Getpid())
		c := u.next()
		if !c.ready() {
			t.Fatal(c.end())
		}
		if got := u.holder(); got != me {
			t.Errorf("before it has taken over, the holder is %s, not %s", got, me)
		}
		u.pass()
		u.becomes(c.pid(), me)
		u.stop()
		if got := u.holder(); got != c.pid() {
			t.Errorf("after the old one's end the holder is %s, not %s", got, c.pid())
		}
		if code, stderr := c.end(); code != 0 {
			t.Error(code, stderr)
		}
		if got := u.holder(); got != "" {
			t.Errorf("after both have ended, the holder is %s", got)
		}
	})
}

// An upgrade that fails changes nothing, and the next one works.
func TestUpgradeThatFails(t *testing.T) {
	upgrades(t, func(t *testing.T, kind, where string) {
		u := old(t, kind, where)
		me := strconv.Itoa(os.Getpid())
		killed := u.next()
		if !killed.ready() {
			t.Fatal(killed.end())
		}
		killed.kill()
		if got := u.holder(); got != me {
			t.Errorf("after one that was killed the holder is %s, not %s", got, me)
		}
		stopped := u.next()
		if !stopped.ready() {
			t.Fatal(stopped.end())
		}
		if code, stderr := stopped.end(); code != 0 {
			t.Error(code, stderr)
		}
		if got := u.holder(); got != me {
			t.Errorf("after one that gave up the holder is %s, not %s", got, me)
		}
		c := u.next()
		if !c.ready() {
			t.Fatal(c.end())
		}
		u.pass()
		u.becomes(c.pid(), me)
		u.stop()
	})
}

// The old process may end in any way: then the new one has the lock.
func TestOldEndsWithoutAWord(t *testing.T) {
	upgrades(t, func(t *testing.T, kind, where string) {
		u := old(t, kind, where)
		c := u.next()
		if !c.ready() {
			t.Fatal(c.end())
		}
		u.stop() // closes its descriptors, as its death would
		u.becomes(c.pid(), strconv.Itoa(os.Getpid()))
	})
}

// If the file has been removed meanwhile, or is another one now, the new
// process takes the lock again.
func TestUpgradeAfterRemoval(t *testing.T) {
	legiontest.CheckLeaks(t)
	where := places(t)["file"]
	u := old(t, "file", where)
	must(t, os.Remove(where))
	c := u.next()
	if !c.ready() {
		t.Fatal(c.end())
	}
	if b, err := os.ReadFile(where); string(b) != c.pid()+"\n" {
		t.Errorf("the file holds %q, %v", b, err)
	}
	u.stop()
	if got := u.holder(); got != c.pid() {
		t.Errorf("the holder is %s, not %s", got, c.pid())
	}
}

// Real upgrades, in a row: while they go on, every other start finds the lock
// held, by the old or the new process.
func TestUpgradesOfADaemon(t *testing.T) {
	slow.Test(t, "upgrades a daemon many times", "4 s")
	upgrades(t, func(t *testing.T, kind, where string) {
		c := run(t, nil, kind, where, "run")
		if !c.ready() {
			t.Fatal(c.end())
		}
		u := &upgraded{t: t, kind: kind, where: where}
		pid := c.pid()
		for range 2 {
			before, err := strconv.Atoi(pid)
			must(t, err)
			must(t, syscall.Kill(before, syscall.SIGUSR2))
			line, err := c.out.ReadString('\n')
			must(t, err)
			next, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
			if !ok || next == pid {
				t.Fatalf("the upgrade says %q", line)
			}
			u.becomes(next, pid)
			pid = next
		}
		last, err := strconv.Atoi(pid)
		must(t, err)
		must(t, syscall.Kill(last, syscall.SIGTERM))
		if code, stderr := c.end(); code != 0 { // reads to the end of all of them
			t.Error(code, stderr)
		}
		if got := u.holder(); got != "" {
			t.Errorf("after all have ended, the holder is %s", got)
		}
	})
}

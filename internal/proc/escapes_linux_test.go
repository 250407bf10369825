package proc

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/legion-go/legion/internal/slow"
	"github.com/legion-go/legion/sandbox"
	"golang.org/x/sys/unix"
)

// escapeCase is a sandbox, and what becomes of the attempts in it: errors or
// "done", separated by spaces where several are right; EPERM if it is not
// listed.
type escapeCase struct {
	box  func(g *ground) sandbox.Sandbox
	want map[string]string
}

func escapes() map[string]escapeCase {
	always := map[string]string{
		"kept file": "done", "kept connection": "done", "signal to itself": "done",
		"pidfd": "ENOSYS", "signal by pidfd": "ENOSYS", "clone3": "ENOSYS", "io_uring": "ENOSYS", // as on an older kernel
		"timers": "EAGAIN",
	}
	with := func(list ...map[string]string) map[string]string {
		all := maps.Clone(always)
		for _, m := range list {
			maps.Copy(all, m)
		}
		return all
	}
	// Once any file may be opened, Landlock decides which.
	files := map[string]string{
		"read r": "EACCES", "read w": "EACCES", "read s": "EACCES", "passwd": "EACCES", "shadow": "EACCES", "root": "EACCES", "stat": "done", "dots": "EACCES",
		"proc root": "EACCES", "proc fd": "EACCES", "proc environ": "EACCES", "own program": "EACCES", "kept folder": "EACCES EBADF",
		"daemon environ": "EACCES", "daemon fd": "EACCES", "daemon cmdline": "EACCES", "goroutine of the setup": "EACCES",
	}
	// The same if any file may be written.
	written := map[string]string{
		"write r": "EACCES", "make in w": "EACCES", "folder in w": "EACCES", "remove in w": "EACCES ENOENT", "make": "EACCES", "symlink": "EACCES",
		"rename": "EACCES", "move to w": "EACCES EXDEV", "truncate": "EACCES", "through a link": "EACCES", "hard link": "EACCES EXDEV",
		"daemon mem": "EACCES",
	}
	return map[string]escapeCase{
		"locked": {func(*ground) sandbox.Sandbox { return sandbox.Sandbox{} }, always},
		"read": {
			func(g *ground) sandbox.Sandbox {
				return sandbox.Sandbox{Read: []string{filepath.Join(g.dir, "r")}, Setup: []string{filepath.Join(g.dir, "s")}}
			},
			with(files, map[string]string{"read r": "done"}),
		},
		"write": {
			func(g *ground) sandbox.Sandbox {
				return sandbox.Sandbox{Read: []string{filepath.Join(g.dir, "r", "f")}, Write: []string{filepath.Join(g.dir, "w")}}
			},
			with(files, written, map[string]string{
				"read r": "done", "read w": "done", "make in w": "done", "folder in w": "done", "remove in w": "done",
			}),
		},
		"tcp": {
			func(g *ground) sandbox.Sandbox { return sandbox.Sandbox{Network: sandbox.TCP(g.port)} },
			with(map[string]string{"connect": "done", "connect elsewhere": "EACCES"}),
		},
		"any network": {
			func(*ground) sandbox.Sandbox { return sandbox.Sandbox{Network: sandbox.AnyNetwork} },
			with(files, map[string]string{
				"connect": "done", "connect elsewhere": "ECONNREFUSED", "fast open elsewhere": "ECONNREFUSED EINPROGRESS EOPNOTSUPP done", "listen": "done", "listen unbound": "done",
				"udp": "done", "unix": "done", "mptcp": "done", "sctp": "done EPROTONOSUPPORT",
			}),
		},
		"exec": {
			func(*ground) sandbox.Sandbox {
				return sandbox.Sandbox{Read: []string{"/bin", "/usr", "/lib", "/etc/ld.so.cache"}, Exec: true}
			},
			with(files, written, map[string]string{
				"exec": "EACCES ENOENT", "exec itself": "EACCES", "start": "done", "fork": "done",
				"pidfd": "done", "signal by pidfd": "EPERM", "kill all": "done", // done although it reached nothing
				"kill the group":    "EPERM ESRCH", // the test need not lead a group
				"executable memory": "done", "made executable": "done",
			}),
		},
		"jit": {
			func(*ground) sandbox.Sandbox { return sandbox.Sandbox{JIT: true} },
			with(map[string]string{"executable memory": "done", "made executable": "done"}),
		},
	}
}

// users are whom children of a test run as: the test's own user, and, if that
// is root, another one.
func users() map[string]string {
	m := map[string]string{"own user": ""}
	if os.Geteuid() == 0 {
		m["user 65534"] = "65534:65534"
	}
	return m
}

// cgo reports whether this program has C in it.
func cgo() bool {
	_, _, err := syscall.AllThreadsSyscall(unix.SYS_GETPID, 0, 0, 0)
	return err == syscall.ENOTSUP
}

func TestEscapes(t *testing.T) {
	for name, c := range escapes() {
		for user, id := range users() {
			t.Run(name+", "+user, func(t *testing.T) {
				g := newGround(t)
				b := c.box(g)
				if cgo() && len(b.Setup) > 0 {
					b.Setup = nil // before Linux 7.0 it is refused
				}
				e, lines := finish(t, "escape", box(b), arg(g.String()), func(s *Spec) { s.User = id })
				got := map[string]string{}
				for _, l := range lines {
					name, result, _ := strings.Cut(strings.TrimPrefix(l, "stdout: "), "=")
					got[name] = result
				}
				if got["end"] != "yes" {
					t.Fatalf("%v\n%s\n%s", e, strings.Join(lines, "\n"), e.Stack)
				}
				if len(b.Setup) == 0 && c.want["proc fd"] != "" {
					c.want["proc fd"] = "done" // it is another file
				}
				if cgo() && c.want["own program"] != "" { // what had to be possible at the birth stays so
					c.want["own program"] = "done"
				}
				if raceDetector && c.want["proc environ"] != "" { // the detector had to read its options
					c.want["proc environ"] = "done"
				}
				if cgo() && b.Exec {
					c.want["exec itself"] = "EFAULT"
				}
				for _, a := range g.attempts() {
					want := c.want[a.name]
					if want == "" {
						want = "EPERM"
					}
					if have := got[a.name]; !slices.Contains(strings.Split(want, " "), have) {
						t.Errorf("%s: %s, not %s", a.name, have, want)
					}
				}
			})
		}
	}
}

// The tests of this package are built with the race detector, which has C in
// it. Here those that depend on it run in a program without C.
func TestSandboxWithoutC(t *testing.T) {
	if !cgo() {
		return // they have run
	}
	slow.Test(t, "builds the tests once more", "4 s")
	binary := filepath.Join(t.TempDir(), "proc.test")
	for _, args := range [][]string{
		{"go", "test", "-c", "-o", binary, "."},
		{binary, "-test.run=Escapes|EveryThread|Sandbox|Setup|Missing|Unreasonable|32Bits|Strict|Descriptors"},
	} {
		c := exec.Command(args[0], args[1:]...)
		c.Env = append(os.Environ(), "CGO_ENABLED=0", depthEnv+"=")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
}

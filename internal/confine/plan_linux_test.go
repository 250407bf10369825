//go:build amd64 || arm64

package confine

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/sandbox"
)

// What each system can hold, and what is said about the rest.
func TestPlans(t *testing.T) {
	const signals, abstract = unix.LANDLOCK_SCOPE_SIGNAL, unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
	locked, reads, setup := sandbox.Sandbox{}, sandbox.Sandbox{Read: []string{"/a"}}, sandbox.Sandbox{Setup: []string{"/a"}}
	ports, any, exec := sandbox.Sandbox{Network: sandbox.TCP(443)}, sandbox.Sandbox{Network: sandbox.AnyNetwork}, sandbox.Sandbox{Read: []string{"/a"}, Exec: true}
	both := sandbox.Sandbox{Read: []string{"/a"}, Setup: []string{"/b"}}
	newest := system{abi: 7, errata: erratumSignals, seccomp: true}
	with := func(change func(*system)) system {
		s := newest
		change(&s)
		return s
	}
	abi := func(n int) system { return with(func(s *system) { s.abi, s.errata = n, 0 }) }
	cgo := with(func(s *system) { s.cgo = true })
	for _, c := range []struct {
		name    string
		box     sandbox.Sandbox
		sys     system
		want    plan // without missing
		missing string
	}{
		{"locked", locked, newest, plan{outer: true, atBirth: allByGo, atSeal: allByGo, scopes: signals | abstract, calls: true}, ""},
		{"locked, cgo", locked, cgo, plan{outer: true, restarts: true, atBirth: thisThread, atSeal: allByGo, scopes: signals | abstract, calls: true}, ""},
		{"locked, without Landlock", locked, abi(0), plan{calls: true}, ""},
		{"locked, without seccomp", locked, with(func(s *system) { s.seccomp = false }),
			plan{outer: true, inner: true, atBirth: allByGo, atSeal: allByGo, scopes: signals | abstract}, "seccomp"},
		{"locked, threads that cannot send signals to each other", locked, abi(6), plan{outer: true, atBirth: allByGo, atSeal: allByGo, scopes: abstract, calls: true}, ""},
		{"locked, cgo, one call for all threads", locked, with(func(s *system) { s.abi, s.cgo = 8, true }),
			plan{outer: true, atBirth: allAtOnce, atSeal: allAtOnce, scopes: signals | abstract, calls: true}, ""},
		{"files", reads, abi(1), plan{outer: true, inner: true, atBirth: allByGo, atSeal: allByGo, calls: true}, ""},
		{"files, without Landlock", reads, abi(0), plan{calls: true}, "Linux 5.13"},
		{"setup", setup, abi(3), plan{outer: true, atBirth: allByGo, atSeal: allByGo, calls: true}, ""},
		{"setup, cgo", setup, cgo, plan{outer: true, restarts: true, atBirth: thisThread, atSeal: allByGo, scopes: signals | abstract, calls: true}, ""},
		{"files and setup, cgo", both, cgo, plan{outer: true, restarts: true, atBirth: thisThread, atSeal: allByGo, scopes: signals | abstract, calls: true}, "CGO_ENABLED=0"},
		{"files and setup", both, newest, plan{outer: true, inner: true, atBirth: allByGo, atSeal: allByGo, scopes: signals | abstract, calls: true}, ""},
		{"setup, cgo, one call for all threads", setup, with(func(s *system) { s.abi, s.cgo = 8, true }),
			plan{outer: true, atBirth: allAtOnce, atSeal: allAtOnce, scopes: signals | abstract, calls: true}, ""},
		{"ports", ports, newest, plan{outer: true, inner: true, atBirth: allByGo, atSeal: allByGo, scopes: signals | abstract, ports: atSeal, calls: true}, ""},
		{"ports, cgo", ports, cgo, plan{outer: true, restarts: true, atBirth: thisThread, atSeal: allByGo, scopes: signals | abstract, ports: atBirth, calls: true}, ""},
		{"ports, old", ports, abi(3), plan{outer: true, inner: true, atBirth: allByGo, atSeal: allByGo, calls: true}, "Linux 6.7"},
		{"any network", any, newest, plan{outer: true, inner: true, atBirth: allByGo, atSeal: allByGo, scopes: signals, calls: true}, ""},
		{"any network, without Landlock", any, abi(0), plan{calls: true}, ""},
		{"exec", exec, newest, plan{outer: true, inner: true, restarts: true, atBirth: thisThread, atSeal: allByGo, scopes: signals | abstract, calls: true}, ""},
		{"exec, old", exec, abi(5), plan{outer: true, inner: true, restarts: true, atBirth: thisThread, atSeal: allByGo, calls: true}, "Linux 6.12"},
	} {
		got := planFor(&c.box, c.sys)
		missing := strings.Join(got.missing, "; ")
		if got.missing = nil; !equal(got, c.want) {
			t.Errorf("%s: %+v, not %+v", c.name, got, c.want)
		}
		if c.missing == "" && missing != "" || !strings.Contains(missing, c.missing) {
			t.Errorf("%s: missing: %q, not %q", c.name, missing, c.missing)
		}
	}
}

func equal(a, b plan) bool {
	return a.outer == b.outer && a.inner == b.inner && a.restarts == b.restarts && a.atBirth == b.atBirth && a.atSeal == b.atSeal &&
		a.scopes == b.scopes && a.ports == b.ports && a.calls == b.calls
}

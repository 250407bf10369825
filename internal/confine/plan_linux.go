//go:build amd64 || arm64

package confine

import (
	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/sandbox"
)

// plan is how a Sandbox is held on a system. It is the same in the daemon, at
// the birth and at the seal, since it depends on nothing else.
type plan struct {
	outer, inner bool    // the layers of Landlock: from the birth, and from the seal
	restarts     bool    // the outer one needs the program executed again
	atBirth      reach   // of the outer layer
	atSeal       reach   // of the inner one
	scopes       uint64  // of the outer layer
	ports        portsAt // where TCP ports are restricted
	calls        bool    // there is a filter of calls
	missing      []string
}

type portsAt int

const (
	nowhere portsAt = iota
	atBirth
	atSeal
)

func planFor(s *sandbox.Sandbox, sys system) plan {
	p := plan{outer: sys.abi > 0, calls: sys.seccomp}
	miss := func(ok bool, what string) {
		if !ok {
			p.missing = append(p.missing, what)
		}
	}
	miss(sys.seccomp, "the kernel has no seccomp filters for all threads, which any sandbox needs: use Linux 3.17 or later with CONFIG_SECCOMP_FILTER, and permit seccomp in the container")
	files := len(s.Read) > 0 || len(s.Write) > 0 || len(s.Setup) > 0 || s.Exec
	miss(!files || sys.abi > 0, "Read, Write, Setup and Exec need Landlock: use Linux 5.13 or later, and have landlock in the kernel's list lsm=")
	ports := s.Network.Ports() != nil
	miss(!ports || sys.abi >= abiNetwork, "TCP ports need Landlock of Linux 6.7 or later: use that, NoNetwork or AnyNetwork")
	miss(!s.Exec || sys.abi >= abiScope, "Exec needs Landlock of Linux 6.12 or later, which keeps the signals of started programs inside")
	if !p.outer {
		return p
	}

	p.atBirth, p.atSeal = allByGo, allByGo
	switch {
	case sys.abi >= abiThreads:
		p.atBirth, p.atSeal = allAtOnce, allAtOnce
	case sys.cgo || s.Exec: // a started program must be in the same scope as all threads
		p.atBirth, p.restarts = thisThread, true
	}
	// If the filter lets functions open nothing, there is nothing to decide.
	opens := opensFiles(s) || !p.calls
	possible := p.atSeal == allAtOnce || !sys.cgo
	p.inner = possible && (opens || ports)
	miss(possible || !opens || len(s.Setup) == 0, "Setup paths would stay readable, since Read, Write or AnyNetwork lets functions open files, and the program has C in it (cgo): "+
		"build it with CGO_ENABLED=0, use Linux 7.0 or later, or name the paths in Read")
	if ports && sys.abi >= abiNetwork {
		if p.ports = atBirth; p.inner {
			p.ports = atSeal
		}
	}
	if sys.abi >= abiScope {
		if p.atBirth != allByGo || sys.errata&erratumSignals != 0 {
			p.scopes |= unix.LANDLOCK_SCOPE_SIGNAL
		}
		if !s.Network.Any() {
			p.scopes |= unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
		}
	}
	return p
}

//go:build amd64 || arm64

package confine

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/sandbox"
)

// Missing returns what this system, or this program, cannot do of s: each entry
// is a clause that names the cure.
func Missing(s *sandbox.Sandbox) []string {
	if s == nil {
		return nil
	}
	return planFor(s, look()).missing
}

// ready returns the plan for s, or an error if the system cannot hold s.
func ready(s *sandbox.Sandbox) (plan, system, error) {
	sys := look()
	p := planFor(s, sys)
	if len(p.missing) > 0 && !s.BestEffort {
		return p, sys, errors.New(strings.Join(p.missing, "; "))
	}
	return p, sys, nil
}

// Restarts reports whether [Birth] can confine only the thread that calls it.
// Then that must be a thread that stays its goroutine's, and the program must
// be executed again after it. It is the first function to call in a process
// that is to be confined, which from then on cannot gain privileges.
func Restarts(s *sandbox.Sandbox) (bool, error) {
	looked.once.Do(func() { looked.system = ask(callOnAll(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1)) })
	p, _, err := ready(s)
	return p.restarts, err
}

// Birth confines this process to what s allows its setup. From then on it
// cannot open a file in /proc; only the race detector reads its options in the
// environment.
func Birth(s *sandbox.Sandbox) error {
	p, sys, err := ready(s)
	if err != nil || !p.outer {
		return err
	}
	l, err := outerLayer(s, sys, p)
	if err != nil {
		return err
	}
	defer l.close()
	if p.atBirth != allByGo {
		runtime.LockOSThread() // both calls are for the same thread
		defer runtime.UnlockOSThread()
		if err := noNewPrivileges(); err != nil {
			return err
		}
	}
	return l.enforce(p.atBirth)
}

// Seal confines this process, with all of its threads, to what s allows its
// functions, and makes sure that it holds. After an error the process must end.
func Seal(s *sandbox.Sandbox) (sandbox.Report, error) {
	p, sys, err := ready(s)
	if err != nil {
		return sandbox.Report{}, err
	}
	_, _ = time.Now().Zone() // reads the local time zone, which would not be possible later
	if p.inner {
		l, err := innerLayer(s, sys, p)
		if err != nil {
			return sandbox.Report{}, err
		}
		err = l.enforce(p.atSeal)
		l.close()
		if err != nil {
			return sandbox.Report{}, err
		}
	}
	if err := limitPending(); err != nil {
		return sandbox.Report{}, err
	}
	if p.calls {
		if err := install(policy(s, os.Getpid(), sys.abi)); err != nil {
			return sandbox.Report{}, err
		}
	}
	if err := probe(s, p); err != nil {
		return sandbox.Report{}, err
	}
	return p.report(sys), nil
}

// mostPending bounds timers and queued signals.
const mostPending = 1024

// limitPending bounds the timers that this process can make. The kernel
// compares the limit with what all processes of the user have together; at the
// limit it refuses the signals with which Go makes a call on all threads, which
// would then wait for ever. So this comes after the last such call.
func limitPending() error {
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_SIGPENDING, &now); err != nil {
		return os.NewSyscallError("getrlimit", err)
	}
	n := min(now.Max, mostPending)
	return os.NewSyscallError("setrlimit", unix.Setrlimit(unix.RLIMIT_SIGPENDING, &unix.Rlimit{Cur: n, Max: n}))
}

func (p plan) report(sys system) sandbox.Report {
	r := sandbox.Report{Missing: p.missing}
	if p.outer {
		r.Held = append(r.Held, fmt.Sprintf("files: Landlock %d", sys.abi))
	}
	if p.ports != nowhere {
		r.Held = append(r.Held, fmt.Sprintf("ports: Landlock %d", sys.abi))
	}
	if p.calls {
		r.Held = append(r.Held, "calls: seccomp")
	}
	return r
}

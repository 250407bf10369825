package doctor

import (
	"fmt"

	"github.com/legion-go/legion/internal/confine"
	"github.com/legion-go/legion/status"
)

// sandboxes says what a Pool.Sandbox can rest on.
func sandboxes(a confine.Abilities) []status.Finding {
	calls := status.Finding{
		Topic: "sandbox: system calls", OK: a.Seccomp, Found: "seccomp, for all threads at once", Means: "legion.Locked() holds, with cgo too",
	}
	if !calls.OK {
		calls.Found, calls.Means = "no seccomp filters", "a pool with a Sandbox does not start"
		calls.Advice = "use Linux 3.17 or later on amd64 or arm64, and permit seccomp in the container"
	}
	files := status.Finding{
		Topic: "sandbox: files", OK: a.Programs(), Found: fmt.Sprintf("Landlock %d", a.Landlock), Means: "Read, Write, Setup, Exec and ports of a Pool.Sandbox hold",
	}
	if !files.OK {
		without := "Exec of a Pool.Sandbox"
		files.Advice = "use Linux 6.12 or later"
		switch {
		case !a.Files():
			files.Found, without = "no Landlock", "Read, Write, Setup, Exec or ports of a Pool.Sandbox"
			files.Advice += ", and have landlock in the kernel's list lsm="
		case !a.Ports():
			without = "Exec or ports of a Pool.Sandbox"
		}
		files.Means = "a pool with " + without + " does not start"
	}
	if a.Landlock >= abiAudit {
		files.Found += "; the audit log names what it refuses (blockers=fs.…)"
	}
	all := []status.Finding{calls, files}
	if a.Restarts() {
		all = append(all, status.Finding{
			Topic: "sandbox: cgo", Found: "the program has C in it",
			Means:  "a pool with Setup beside Read, Write or AnyNetwork in its Sandbox does not start, and a sandboxed worker executes its program twice",
			Advice: "build it with CGO_ENABLED=0, or use Linux 7.0 or later",
		})
	}
	return all
}

// abiAudit is the version of Landlock that came after its log: Linux 6.15.
const abiAudit = 7

//go:build amd64

package confine

import (
	"strings"
	"testing"

	"github.com/legion-go/legion/sandbox"
)

const report = `SIGSYS: bad system call
PC=0x40ac4e m=0 sigcode=1

goroutine 1 gp=0x1 m=0 mp=0x2 [running]:
main.main()
	/x/main.go:12 +0x2e

rax    RAX
rbx    0x0
rcx    0x1
rdx    RDX
rdi    RDI
rsi    RSI
rbp    0x1
r8     0x0
r10    0x0
rip    0x40ac4e
gs     0x0
`

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		rax, rdi, rsi, rdx string
		want               sandbox.Forbidden
	}{
		{"0x29", "0x2", "0x80801", "0x0", sandbox.Forbidden{Call: "socket", Args: "AF_INET, SOCK_STREAM", Rule: "Network"}},
		{"0x29", "0x10", "0x3", "0x0", sandbox.Forbidden{Call: "socket", Args: "AF_NETLINK, SOCK_RAW"}},
		{"0x101", "0xffffffffffffff9c", "0x1", "0x80000", sandbox.Forbidden{Call: "openat", Args: "O_RDONLY", Rule: "Read"}},
		{"0x2", "0x1", "0x241", "0x0", sandbox.Forbidden{Call: "open", Args: "O_WRONLY|O_CREAT|O_TRUNC", Rule: "Write"}},
		{"0x3e", "0x1", "0x9", "0x0", sandbox.Forbidden{Call: "kill", Args: "1, SIGKILL"}},
		{"0x38", "0x4111", "0x0", "0x0", sandbox.Forbidden{Call: "clone", Args: "0x4111", Rule: "Exec"}},
		{"0x9", "0x0", "0x1000", "0x5", sandbox.Forbidden{Call: "mmap", Args: "PROT_EXEC", Rule: "JIT"}},
		{"0x65", "0x10", "0x1", "0x0", sandbox.Forbidden{Call: "ptrace", Args: "0x10"}},
		{"0xdead", "0x10", "0x1", "0x0", sandbox.Forbidden{Call: "call 57005"}},
	} {
		text := strings.NewReplacer("RAX", c.rax, "RDI", c.rdi, "RSI", c.rsi, "RDX", c.rdx).Replace(report)
		if got := Explain(text); got == nil || *got != c.want {
			t.Errorf("%+v, not %+v", got, c.want)
		}
	}
	for _, text := range []string{"", "panic: x", strings.Replace(report, "sigcode=1", "sigcode=0", 1), "SIGSYS: bad system call\nPC=0x40ac4e m=0 sigcode=1\n"} {
		if got := Explain(text); got != nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func FuzzExplain(f *testing.F) {
	f.Add(report)
	f.Add(strings.NewReplacer("RAX", "0x29", "RDI", "0x2").Replace(report))
	f.Fuzz(func(t *testing.T, text string) {
		if got := Explain(text); got != nil && got.Call == "" {
			t.Errorf("%q: %+v", text, got)
		}
	})
}

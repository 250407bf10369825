package where_test

import (
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/where"
)

func TestProgram(t *testing.T) {
	const (
		std    = "strings.Repeat({0x1, 0x2}, 0x3)\n\t/usr/local/go/src/strings/strings.go:600 +0x1\n"
		inner  = "runtime.gopanic({0x1})\n\t/usr/local/go/src/runtime/panic.go:787 +0x1\n"
		worker = "github.com/legion-go/legion/internal/worker.(*server).run(0x1)\n\t/root/go/pkg/mod/legion/internal/worker/serve.go:1 +0x1\n"
		root   = "github.com/legion-go/legion.addFunc[...].func1(0x1)\n\t/root/go/pkg/mod/legion/declared.go:1 +0x1\n"
		main   = "main.decode({0x1, 0x2})\n\t/home/me/app/bomb.go:14 +0x1\n"
		cli    = "github.com/legion-go/legion/cli.Main(0x1)\n\t/root/go/pkg/mod/legion/cli/main.go:27 +0x1\n"
		demo   = "github.com/legion-go/legion/examples/thumbd/jobs.(*T).Make(...)\n\t/home/me/jobs.go:7\n"

		trimmed = "time.Sleep(0x1)\n\truntime/time.go:363 +0x1\nstrings.Repeat({0x1, 0x2}, 0x3)\n\tstrings/strings.go:600 +0x1\nnet/http.(*Client).Do(0x1)\n\tnet/http/client.go:1 +0x1\n"
		plain   = "app/jobs.Make(...)\n\tapp/jobs/make.go:7\n" // of a module without a domain
		c       = "runtime.cgocall(0x1, 0x2)\n\t/usr/local/go/src/runtime/cgocall.go:167 +0x1\nmain._Cfunc_spin()\n\t_cgo_gotypes.go:41 +0x1\n"
	)
	for block, want := range map[string]string{
		"goroutine 9 [running]:\n" + inner + std + main + root + worker:                           "main.decode (bomb.go:14)",
		"goroutine 9 [running]:\n" + demo + root:                                                  "jobs.(*T).Make (jobs.go:7)",
		"goroutine 1 [running]:\n" + inner + root + cli + main:                                    "main.decode (bomb.go:14)",
		"goroutine 1 [running]:\n" + inner + root + cli:                                           "",
		"goroutine 9 [running]:\n" + inner + root + worker:                                        "",
		"goroutine 9 [running]:\ncreated by main.x in goroutine 1\n\t/home/me/app/bomb.go:3 +0x1": "",
		"goroutine 9 [running]:\n" + trimmed + main + root:                                        "main.decode (bomb.go:14)",
		"goroutine 9 [running]:\n" + trimmed + plain + main:                                       "jobs.Make (make.go:7)",
		"goroutine 9 [running]:\nmain.spin(...)\n\t/home/me/app/bomb.go:-2 +0x1\n":                "main.spin (bomb.go)",
		"goroutine 9 [syscall]:\n" + c + main:                                                     "main.decode (bomb.go:14)",
		"\t\n\t(\n(\n\t":                                                                          "",
		"":                                                                                        "",
	} {
		if got := where.Program(block); got != want {
			t.Errorf("%q, want %q, of\n%s", got, want, block)
		}
	}
	if got := where.Func("main.(*T).f (a.go:1)"); got != "main.(*T).f" {
		t.Error(got)
	}
}

// The text may be anything: the answer is a part of it.
func FuzzProgram(f *testing.F) {
	f.Add("goroutine 9 [running]:\nmain.f(0x1)\n\t/home/me/app/f.go:5 +0x1\n")
	f.Add("\t\n.(\n\t/ (\n(.\n\t")
	f.Fuzz(func(t *testing.T, block string) {
		at := where.Program(block)
		name := where.Func(at)
		if len(at) > len(block)+len(" ()") || !strings.HasPrefix(at, name) || name != "" && !strings.Contains(block, name) {
			t.Errorf("%q of %q", at, block)
		}
	})
}

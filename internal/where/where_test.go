package where_test

import (
	"os/exec"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/where"
)

func explode(how string) (stack string) {
	defer func() {
		_ = recover()
		stack = string(debug.Stack())
	}()
	switch how {
	case "panic":
		panic(how)
	case "nil map":
		var m map[string]int
		//lint:ignore SA5000 this is what it is for
		m[how] = 1
	case "library":
		_ = strings.Repeat(how, -1)
	case "again":
		defer func() { panic(recover()) }()
		panic(how)
	case "index":
		_ = []int{}[len(how)]
	}
	return ""
}

func TestPanicked(t *testing.T) {
	for how, want := range map[string]string{
		"panic": "where_test.explode (where_test.go:", "nil map": "where_test.explode (where_test.go:", "index": "where_test.explode (where_test.go:",
		"again": "where_test.explode.func", "library": "strings.Repeat (strings.go:",
	} {
		got := where.Panicked(explode(how))
		if !strings.HasPrefix(got, want) || how == "library" && !strings.Contains(got, "called by where_test.explode (where_test.go:") {
			t.Errorf("%s: %q, want %q…", how, got, want)
		}
	}
	if got := where.Panicked("rubbish\npanic(\n\t\n(\n\t\t"); strings.Contains(got, "explode") {
		t.Error(got)
	}
}

func TestCrashed(t *testing.T) {
	for report, want := range map[string]string{
		"fatal error: concurrent map writes\n\ngoroutine 9 [running]:\ninternal/runtime/maps.fatal({0x1, 0x2})\n\t/usr/local/go/src/runtime/panic.go:1058 +0x1\nmain.f.func1()\n\t/home/me/app/f.go:5 +0x1":  "main.f.func1 (f.go:5)",
		"panic: oh\n\ngoroutine 9 [running]:\npanic({0x1, 0x2})\n\t/usr/local/go/src/runtime/panic.go:787 +0x1\nmain.(*T).f(0x1)\n\t/home/me/app/f.go:6 +0x1":                                                "main.(*T).f (f.go:6)",
		"WARNING: DATA RACE\nRead at 0x1 by goroutine 9:\n  main.f()\n      /home/me/app/f.go:7 +0x1\n\nPrevious write at 0x1 by goroutine 8:\n  main.g()\n      /home/me/app/f.go:8 +0x1":                   "main.f (f.go:7)",
		"SIGABRT: abort\n\ngoroutine 9 [running]:\nruntime.cgocall(0x1)\n\t/usr/local/go/src/runtime/cgocall.go:1 +0x1\nmain._Cfunc_spin()\n\t_cgo_gotypes.go:41 +0x1\nmain.f()\n\t/home/me/app/f.go:9 +0x1": "main.f (f.go:9)",
		"panic: oh\n\ngoroutine 9 [running]:\nstrings.Repeat()\n\t/usr/local/go/src/strings/strings.go:5 +0x1\ncreated by main.f in goroutine 1\n\t/home/me/app/f.go:10 +0x1":                                "strings.Repeat (strings.go:5), started by main.f (f.go:10)",
		"panic: oh\n\ngoroutine 9 [running]:\nstrings.Repeat()\n\tstrings/strings.go:5 +0x1\ncreated by time.goFunc in goroutine 1\n\ttime/sleep.go:9 +0x1":                                                  "strings.Repeat (strings.go:5)",
		"panic: oh\n\ngoroutine 9 [running]:\nruntime.gopark()\n\truntime/proc.go:5 +0x1\ncreated by main.f in goroutine 1\n\t/home/me/app/f.go:10 +0x1":                                                     "",
		"out of words": "",
		"goroutine ":   "",
	} {
		if got := where.Crashed(report); got != want {
			t.Errorf("got %q, want %q, of\n%s", got, want, report)
		}
	}
}

// With -trimpath the files of the standard library are known by its folders.
func TestFoldersOfTheLibrary(t *testing.T) {
	out, err := exec.Command("go", "list", "std").Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.FieldsSeq(string(out)) {
		first, _, _ := strings.Cut(pkg, "/")
		path, last := pkg[:strings.LastIndexByte(pkg, '/')+1], pkg[strings.LastIndexByte(pkg, '/')+1:]
		frame := "panic: oh\n\ngoroutine 9 [running]:\n" + path + strings.ReplaceAll(last, ".", "%2e") + ".F()\n\t" + pkg + "/f.go:1 +0x1\nmain.f()\n\tapp/f.go:2 +0x1"
		if got := where.Crashed(frame); first != "runtime" && first != "internal" && first != "syscall" && !strings.HasSuffix(got, "called by main.f (f.go:2)") {
			t.Errorf("a function of %s is taken for the program's: %s", pkg, got)
		}
	}
}

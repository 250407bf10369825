package proc

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestGoroutines(t *testing.T) {
	const (
		user    = "goroutine 7 gp=0x1 m=0 mp=0x2 [running]:\nmain.f(0x1)\n\t/a/b\xff.go:3 +0x1 fp=0x1 sp=0x2 pc=0x3"
		clean   = "goroutine 7 [running]:\nmain.f(0x1)\n\t/a/b\uFFFD.go:3 +0x1"
		system  = "goroutine 2 [force gc (idle)]:\nruntime.gopark(0x0?)\n\t/go/proc.go:1 +0x1\ncreated by runtime.init.7 in goroutine 1\n\t/go/proc.go:2 +0x1"
		another = "goroutine 8 [chan receive]:\nmain.g()\n\t/a/b.go:4 +0x1"
	)
	if got := slices.Collect(Goroutines([]byte(user + "\n\n" + system + "\n\n" + another + "\n"))); !slices.Equal(got, []string{clean, another}) {
		t.Errorf("%q", got)
	}
	if got := slices.Collect(Goroutines(nil)); got != nil {
		t.Errorf("%q of nothing", got)
	}
	for range Goroutines([]byte(user + "\n\n" + another)) {
		break // the caller may stop early
	}
	dump := make([]byte, 1<<20)
	mine := slices.Collect(Goroutines(dump[:runtime.Stack(dump, true)]))
	if len(mine) == 0 || !strings.Contains(mine[0], "proc.TestGoroutines(") {
		t.Errorf("this test is missing in %q", mine)
	}
}

func TestCutStack(t *testing.T) {
	for _, c := range []struct {
		s    string
		size int
		want string
	}{
		{"", 0, ""},
		{"main.f()", 8, "main.f()"},
		{"main.f()", 7, ""},
		{"main.f()\nmain.g()\nmain.h()\nmain.i()\n", 33, "main.f()\nmain.g()\n… (cut)"},
		{strings.Repeat("é", 20), 17, "ééé\n… (cut)"},
	} {
		if got := CutStack(c.s, c.size); got != c.want || len(got) > c.size {
			t.Errorf("%q cut to %d is %q", c.s, c.size, got)
		}
	}
}

func FuzzGoroutines(f *testing.F) {
	f.Add([]byte("goroutine 1 [running]:\n\nrax 0x1\n\t fp=0x"), 20)
	f.Fuzz(func(t *testing.T, dump []byte, size int) {
		for g := range Goroutines(dump) {
			if g == "" || !utf8.ValidString(g) {
				t.Errorf("%q", g)
			}
			if s := CutStack(g, size); !utf8.ValidString(s) || len(s) > max(size, 0) {
				t.Errorf("%q cut to %d is %q", g, size, s)
			}
		}
	})
}

package proc

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"
)

// drained returns the lines that drain emits for writes.
func drained(t *testing.T, writes ...string) []string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer w.Close()
		for _, s := range writes {
			w.WriteString(s)
		}
	}()
	var lines []string
	drain(r, func(line []byte) { lines = append(lines, string(line)) })
	return lines
}

func TestLines(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		writes, want []string
	}{
		{nil, nil},
		{[]string{"a\nb\n"}, []string{"a", "b"}},
		{[]string{"a\n\nb"}, []string{"a", "", "b"}},
		{[]string{"a", "b", "\n", "c"}, []string{"ab", "c"}},
		{[]string{x(MaxLine), "\n", "a\n"}, []string{x(MaxLine), "a"}},
		{[]string{x(MaxLine), "y\n"}, []string{x(MaxLine), "y"}},
		{[]string{x(2*MaxLine + 1)}, []string{x(MaxLine), x(MaxLine), "x"}},
		{[]string{x(MaxLine-1) + "äö\n"}, []string{x(MaxLine - 1), "äö"}},
		{[]string{x(MaxLine-3) + "😀\n"}, []string{x(MaxLine - 3), "😀"}},
		{[]string{x(MaxLine-4) + "😀y\n"}, []string{x(MaxLine-4) + "😀", "y"}},
		{[]string{x(MaxLine-4) + "\x80\x80\x80\x80\x80\n"}, []string{x(MaxLine-4) + "\x80\x80\x80\x80", "\x80"}}, // not UTF-8
		{[]string{"a\n" + x(MaxLine+1) + "\nb\n"}, []string{"a", x(MaxLine), "x", "b"}},
	} {
		if got := drained(t, c.writes...); !slices.Equal(got, c.want) {
			t.Errorf("%.60q becomes %.60q", c.writes, got)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add("a\nb", uint16(1))
	f.Add(strings.Repeat("x", MaxLine)+"\ny", uint16(4000))
	f.Fuzz(func(t *testing.T, s string, at uint16) {
		i := min(int(at), len(s))
		var want []string
		for line := range strings.Lines(s) {
			line = strings.TrimSuffix(line, "\n")
			for len(line) > MaxLine {
				cut := MaxLine
				for back := range utf8.UTFMax {
					if utf8.RuneStart(line[MaxLine-back]) {
						cut -= back
						break
					}
				}
				want = append(want, line[:cut])
				line = line[cut:]
			}
			want = append(want, line)
		}
		if got := drained(t, s[:i], s[i:]); !slices.Equal(got, want) {
			t.Errorf("%.100q, cut at %d, becomes %.100q", s, i, got)
		}
	})
}

func TestTail(t *testing.T) {
	var many tail
	for i := range 10000 {
		many.add(fmt.Appendf(nil, "line %d", i))
	}
	got := many.lines(false)
	if len(got) != StderrLines || got[0] != "line 9980" || got[StderrLines-1] != "line 9999" {
		t.Errorf("%q", got)
	}
	if cap(many.buf) > 4*StderrBytes {
		t.Errorf("%d bytes are kept", cap(many.buf))
	}

	var long tail
	for _, c := range "abcde" {
		long.add([]byte(strings.Repeat(string(c), StderrBytes/2-1)))
	}
	if got := long.lines(false); len(got) != 1 || got[0][0] != 'e' {
		t.Errorf("%d lines, the first begins with %.3s", len(got), got[0])
	}
	var one tail
	one.add([]byte(strings.Repeat("x", StderrBytes)))
	if got := one.lines(false); len(got) != 1 || len(got[0]) != StderrBytes-1 {
		t.Errorf("%d lines, the first of %d bytes", len(got), len(got[0]))
	}
	if got := new(tail).lines(true); got != nil {
		t.Errorf("%q", got)
	}
}

func TestOutputIsComplete(t *testing.T) {
	text := "first\nsecond\n\nlast without newline"
	e, lines := finish(t, "print", arg(text))
	for _, stream := range []string{"stdout", "stderr"} {
		var got []string
		for _, l := range lines {
			if l, ok := strings.CutPrefix(l, stream+": "); ok {
				got = append(got, l)
			}
		}
		if want := strings.Split(text, "\n"); !slices.Equal(got, want) {
			t.Errorf("%s: %q", stream, got)
		}
	}
	if want := strings.Split(text, "\n"); !slices.Equal(e.Stderr, want) {
		t.Errorf("Exit.Stderr: %q", e.Stderr)
	}
	p, err := Start(Spec{Purpose: Purpose{Pool: "print", Daemon: text}})
	if err != nil {
		t.Fatal(err)
	}
	if e := wait(t, p); !slices.Equal(e.Stderr, strings.Split(text, "\n")) || e.Code != 0 {
		t.Errorf("without Output: %v %q", e, e.Stderr)
	}
}

// A child that prints endlessly costs time, not memory.
func TestFlood(t *testing.T) {
	const size = 200 << 20
	var lines, peak atomic.Int64
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := int64(m.HeapAlloc)
	p, err := Start(Spec{Purpose: Purpose{Pool: "flood", Daemon: fmt.Sprint(size)}, Output: func(s Stream, line []byte) {
		if len(line) != 99 {
			panic(fmt.Sprintf("a line of %d bytes", len(line)))
		}
		if lines.Add(1)%100000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), int64(m.HeapAlloc)-before))
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if e := wait(t, p); e.Code != 0 {
		t.Errorf("%v %q", e, e.Stderr)
	}
	if n := lines.Load(); n < size/100-1000 {
		t.Errorf("%d lines only", n)
	}
	if peak.Load() > 2<<20 {
		t.Errorf("the heap grew by %d bytes", peak.Load())
	}
}

// An Output that hangs, against its contract, must not delay Done forever.
func TestOutputThatHangs(t *testing.T) {
	before := descriptors(t)
	release := make(chan struct{})
	p, err := Start(Spec{Purpose: Purpose{Pool: "print", Daemon: "x\n"}, Output: func(Stream, []byte) { <-release }})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if e := wait(t, p); e.Code != 0 {
		t.Errorf("%v", e)
	}
	t.Logf("Done after %v", time.Since(begin))
	close(release)
	eventually(t, func() bool { return slices.Equal(before, descriptors(t)) })
}

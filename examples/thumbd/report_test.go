package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestReport(t *testing.T) {
	var r report
	r.add(result{name: "sun\x1bset.jpg", size: 20 << 10, picture: "jpeg 1600×1000", outcome: written, why: "256×160", took: 52 * time.Millisecond, pid: 77})
	r.add(result{name: "bomb.png", size: 59, outcome: outOfMemory, why: "wanted more than 256 MiB", took: 2 * time.Second})
	r.add(result{name: "late.png", size: 3, outcome: leftOver, why: "stopped before its turn"})

	var table strings.Builder
	r.table(&table)
	want := `
FILE         BYTES   PICTURE         OUTCOME        TIME   WORKER  WHY
bomb.png     59 B    -               out of memory  2.00s  -       wanted more than 256 MiB
late.png     3 B     -               left over      0.00s  -       stopped before its turn
sun·set.jpg  20 KiB  jpeg 1600×1000  thumbnail      0.05s  77      256×160
`
	if got := "\n" + table.String(); got != want {
		t.Errorf("table:%s\nwant:%s", got, want)
	}

	var line strings.Builder
	r.counted(&line)
	if got, want := line.String(), "3 files: 1 thumbnails, 1 refused, 1 not dealt with (1 out of memory, 1 left over)\n"; got != want {
		t.Errorf("counted: %q, want %q", got, want)
	}
	if r.total() != 3 || r.refused() != 1 || r.open() != 1 {
		t.Errorf("total %d, refused %d, open %d; want 3, 1, 1", r.total(), r.refused(), r.open())
	}
}

func TestReportStaysSmall(t *testing.T) {
	var r report
	for i := range 3 * kept {
		r.add(result{name: fmt.Sprintf("%05d", i)})
	}
	if r.total() != 3*kept || len(r.results) != kept {
		t.Errorf("counted %d, kept %d; want %d and %d", r.total(), len(r.results), 3*kept, kept)
	}
	if first, last := r.results[0].name, r.results[kept-1].name; first != "02000" || last != "02999" {
		t.Errorf("kept %s to %s, want the last ones", first, last)
	}
	var table strings.Builder
	r.table(&table)
	if !strings.HasPrefix(table.String(), "The last 1000 of 3000 files:\n") {
		t.Error("the table does not say that it is not all")
	}
}

func TestEveryOutcomeHasAName(t *testing.T) {
	seen := map[string]bool{}
	for o := range outcomes {
		if name := o.String(); name == "" || seen[name] {
			t.Errorf("outcome %d is called %q", o, name)
		} else {
			seen[name] = true
		}
	}
}

func TestProgress(t *testing.T) {
	good := result{name: "a.jpg", outcome: written, why: "256×160"}
	bad := result{name: "b.jpg", outcome: corrupt, why: "short"}
	show := func(terminal bool) string {
		var out strings.Builder
		p := progress{w: &out, terminal: terminal}
		var r report
		for _, done := range []result{good, bad} {
			r.add(done)
			p.finished(done, &r, 2)
		}
		p.clear()
		return out.String()
	}

	piped := show(false)
	if strings.ContainsAny(piped, "\r\x1b") || strings.Count(piped, "\n") != 2 {
		t.Errorf("a pipe gets %q, want two plain lines", piped)
	}
	seen := show(true)
	if !strings.Contains(seen, "1 of 2: 1 thumbnails, 0 refused") || !strings.Contains(seen, "2 of 2: 1 thumbnails, 1 refused") {
		t.Errorf("a terminal gets %q, want how far it is", seen)
	}
	if strings.Contains(seen, "a.jpg") || strings.Count(seen, "\n") != 1 || !strings.Contains(seen, "b.jpg") {
		t.Errorf("a terminal gets %q, want a line for the refused file alone", seen)
	}
	if !strings.HasSuffix(seen, "\r\x1b[K") {
		t.Errorf("a terminal gets %q, want the changing line gone in the end", seen)
	}
}

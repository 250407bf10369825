//go:build unix

package logfile

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteAddsANewline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	w := start(t, Options{Path: path})
	for _, text := range []string{"a", "", "b\n", "c\nd", "\n"} {
		if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
			t.Errorf("Write(%q): %d, %v", text, n, err)
		}
	}
	if s := finish(t, w); s.Lines != 5 || s.Bytes != 9 || s.Buffered != 0 || read(t, path) != "a\nb\nc\nd\n\n" {
		t.Errorf("%+v: %q", s, read(t, path))
	}
}

// Close writes all that waits, even with much of it.
func TestCloseFlushes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	w := start(t, Options{Path: path})
	c := &crowd{names: []string{"g"}, wrote: []int{5000}}
	for n := range c.wrote[0] {
		w.Write(line(nil, "g", n))
	}
	s := finish(t, w)
	check(t, []string{read(t, path)}, s.Dropped, c)
	do(t, w.Close(guard(t)))
	do(t, w.Flush(guard(t)))
	w.Write([]byte("too late\n"))
	w.Reopen()
	if s := w.Stats(); s.Dropped != 1 || s.Lines != 5000 {
		t.Errorf("%+v", s)
	}
}

// Reopen makes the new file although nothing is written.
func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	w := start(t, Options{Path: path})
	do(t, os.Rename(path, path+".1"))
	w.Reopen()
	until(t, "the new file is there", func() bool { _, err := os.Stat(path); return err == nil })
}

func TestAsOutputOfSlog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	w := start(t, Options{Path: path})
	slog.New(slog.NewTextHandler(w, nil)).Info("hello", "n", 1)
	finish(t, w)
	if got := read(t, path); !strings.HasSuffix(got, "msg=hello n=1\n") {
		t.Errorf("got %q", got)
	}
}

func TestWriteAllocatesNothing(t *testing.T) {
	w := newWriter(Options{Buffer: DefaultBuffer}) // without the goroutine, which allocates once for each batch
	w.idle = true
	text := bytes.Repeat([]byte("x"), 100)
	if n := testing.AllocsPerRun(20_000, func() { w.Write(text) }); n != 0 {
		t.Errorf("Write allocates %v times", n)
	}
	if w.stats.Dropped == 0 {
		t.Error("the case of a full buffer was not tried")
	}
}

// BenchmarkWrite is what a line costs who writes it, on the way to a real file.
func BenchmarkWrite(b *testing.B) {
	text := append(bytes.Repeat([]byte("x"), 119), '\n')
	for name, bench := range map[string]func(*testing.B, *Writer){
		"one": func(b *testing.B, w *Writer) {
			for b.Loop() {
				w.Write(text)
			}
		},
		"parallel": func(b *testing.B, w *Writer) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					w.Write(text)
				}
			})
		},
		// Nothing is dropped: this is how many lines go through.
		"through": func(b *testing.B, w *Writer) {
			for n := 0; b.Loop(); n++ {
				if w.Write(text); n%4096 == 4095 {
					w.Flush(context.Background())
				}
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			w := start(b, Options{Path: filepath.Join(b.TempDir(), "d.log")})
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			bench(b, w)
			s := finish(b, w)
			b.ReportMetric(float64(s.Lines)/b.Elapsed().Seconds(), "written/s")
			b.ReportMetric(100*float64(s.Dropped)/float64(s.Lines+s.Dropped), "%dropped")
		})
	}
}

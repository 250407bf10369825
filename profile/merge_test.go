package profile

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/profiling"
)

//go:noinline
func burn(until time.Time) (n int) {
	for time.Now().Before(until) {
		n++
	}
	return n
}

// sampled is a CPU profile of burn.
func sampled(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	stop, err := cpu(&b)
	if err != nil {
		t.Fatal(err)
	}
	label(t.Context(), "resize", func() { burn(time.Now().Add(200 * time.Millisecond)) })
	stop()
	return b.Bytes()
}

// top is what go tool pprof says of a profile.
func top(t *testing.T, profile []byte, flags ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "p.pb.gz")
	if err := os.WriteFile(file, profile, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", append(append([]string{"tool", "pprof"}, flags...), file)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

func TestMerge(t *testing.T) {
	one, two := sampled(t), sampled(t)
	merged, err := merge([]profiling.Part{
		{Profile: append(bytes.Clone(one), two[:len(two)/2]...), Labels: []string{"pool", "thumb", "pid", "17"}},
		{Profile: append(bytes.Clone(two), one...), Labels: []string{"pool", "thumb", "pid", "18"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if shown := top(t, merged, "-top"); !strings.Contains(shown, "profile.burn") {
		t.Errorf("the function that ran is not in\n%s", shown)
	}
	tags := top(t, merged, "-tags")
	for _, want := range []string{"17", "18", "thumb", "resize"} {
		if !strings.Contains(tags, want) {
			t.Errorf("%q is not in\n%s", want, tags)
		}
	}
	alone, err := merge([]profiling.Part{{Profile: one}})
	if err != nil {
		t.Fatal(err)
	}
	if before, after := top(t, one, "-raw"), top(t, alone, "-raw"); len(strings.Split(before, "\n")) != len(strings.Split(after, "\n")) {
		t.Errorf("a profile alone is\n%s\nnot\n%s", after, before)
	}
}

func TestMergeKinds(t *testing.T) {
	var heap bytes.Buffer
	if err := write(&heap, "heap"); err != nil {
		t.Fatal(err)
	}
	cpu := sampled(t)
	if _, err := merge([]profiling.Part{{Profile: heap.Bytes()}, {Profile: heap.Bytes()}}); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		parts []profiling.Part
		want  string
	}{
		"kinds":   {[]profiling.Part{{Profile: heap.Bytes()}, {Profile: cpu}}, "different kinds"},
		"nothing": {nil, "there is none"},
		"cut":     {[]profiling.Part{{Profile: cpu[:len(cpu)/2]}}, "not a whole profile"},
		"other":   {[]profiling.Part{{Profile: []byte("hello")}}, "not a whole profile"},
		"empty":   {[]profiling.Part{{}}, "not a whole profile"},
	} {
		if _, err := merge(c.parts); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := write(io.Discard, "nonsense"); err == nil || !strings.Contains(err.Error(), "use allocs, block, cpu, goroutine,") {
		t.Error(err)
	}
}

// What is packed counts by what it unpacks to, and no more than that is
// unpacked.
func TestMergeIsBounded(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	m := merger{raw: maxRaw - 10}
	if err := m.part(profiling.Part{Profile: b.Bytes()}); err == nil || !strings.Contains(err.Error(), "64 MiB") || m.raw != maxRaw+1 {
		t.Errorf("%v, %d bytes unpacked", err, m.raw-maxRaw+10)
	}
}

// What labels add to small samples counts.
func TestMergeOfSmallSamplesIsBounded(t *testing.T) {
	raw := appendBytes(appendBytes(nil, tagString, ""), tagSampleType, "")
	for range 1 << 19 {
		raw = appendBytes(raw, tagSample, appendNum(nil, 2, 1))
	}
	var labels []string
	for i := range 40 {
		labels = append(labels, strconv.Itoa(i), "value")
	}
	if _, err := merge([]profiling.Part{{Profile: raw, Labels: labels[:2]}}); err != nil {
		t.Errorf("with one label: %v", err)
	}
	if _, err := merge([]profiling.Part{{Profile: raw, Labels: labels}}); err == nil || !strings.Contains(err.Error(), "64 MiB") {
		t.Errorf("with forty: %v", err)
	}
}

// Whatever a worker sends, a merger ends, and what it makes is a profile that
// it takes itself.
func FuzzMerge(f *testing.F) {
	for _, kind := range []string{"goroutine", "heap"} {
		var b bytes.Buffer
		if err := pprof.Lookup(kind).WriteTo(&b, 0); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
		z, err := gzip.NewReader(&b)
		if err != nil {
			f.Fatal(err)
		}
		raw, err := io.ReadAll(z)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		part := profiling.Part{Profile: b, Labels: []string{"pool", "p"}}
		merged, err := merge([]profiling.Part{part, part})
		if err != nil {
			return
		}
		if _, err := merge([]profiling.Part{{Profile: merged}}); err != nil {
			t.Error(err)
		}
	})
}

package legion_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// Eight workers that have read all of a value have it in memory once: no page
// of it is private to one of them, and their shares of it, with the daemon's
// none, add up to its size.
func TestSharedMemoryIsThereOnce(t *testing.T) {
	legiontest.CheckLeaks(t)
	const size, workers = 32 << 20, 8
	r := newReaders(legion.Pool{Min: workers, Max: workers, Concurrency: 1}, words(""), func(_ context.Context, w io.Writer) error {
		_, err := io.CopyN(w, ones{}, size)
		return err
	})
	legiontest.Start(t, r.d)
	pool, err := r.d.Pool("readers")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range pool.Stats().Workers {
		if m := mappedIn(t, w.PID, "index"); m.size != size || m.resident != 0 || m.descriptors != 0 {
			t.Errorf("before its first call worker %d has %+v", w.PID, m)
		}
	}
	read := map[string]bool{} // by pid
	for len(read) < workers {
		var calls []*legion.Future[string]
		for range workers {
			calls = append(calls, r.read.Go(t.Context(), "sum"))
		}
		for _, c := range calls {
			out, err := c.Await(t.Context())
			sum, pid, _ := strings.Cut(out, " of ")
			if err != nil || sum != fmt.Sprint(size) {
				t.Fatalf("the sum is %q, %v", out, err)
			}
			read[pid] = true
		}
	}
	var proportional int
	for _, w := range pool.Stats().Workers {
		m := mappedIn(t, w.PID, "index")
		if m.private != 0 || m.resident != size || m.size != size {
			t.Errorf("worker %d has %+v", w.PID, m)
		}
		proportional += m.proportional
	}
	if proportional < size*9/10 || proportional > size*11/10 {
		t.Errorf("the shares of the workers are %d bytes together, of a value of %d", proportional, size)
	}
}

// ones is an endless source of ones.
type ones struct{}

func (ones) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 1
	}
	return len(b), nil
}

// mapped is what a process has of a shared value, in bytes.
type mapped struct {
	size, resident, proportional, private int
	descriptors                           int
}

// mappedIn reads it from /proc/PID/smaps.
func mappedIn(t *testing.T, pid int, name string) (m mapped) {
	t.Helper()
	file := "/memfd:legion share " + name
	smaps, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, mine, _ := strings.Cut(string(smaps), file)
	for line := range strings.Lines(mine) {
		var key string
		var kb int
		if _, err := fmt.Sscanf(line, "%s %d kB", &key, &kb); err != nil && key == "VmFlags:" {
			break // the next mapping follows
		}
		switch key {
		case "Size:":
			m.size = kb << 10
		case "Rss:":
			m.resident = kb << 10
		case "Pss:":
			m.proportional = kb << 10
		case "Private_Clean:", "Private_Dirty:":
			m.private += kb << 10
		}
	}
	folder := fmt.Sprintf("/proc/%d/fd", pid)
	fds, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink(folder + "/" + fd.Name()); err == nil && strings.HasPrefix(to, file) {
			m.descriptors++
		}
	}
	return m
}

// A locked worker has the value, although it can open nothing: it was mapped
// before.
func TestShareInASandbox(t *testing.T) {
	legiontest.CheckLeaks(t)
	r := newReaders(legion.Pool{Max: 1, Sandbox: legion.Locked()}, words("words"), index)
	legiontest.Start(t, r.d)
	if r.call(t, "setup") != "words" || r.call(t, "words") != "words" {
		t.Error("it sees something else")
	}
	if _, err := r.read.Call(t.Context(), "write"); !errors.Is(err, legion.ErrCrashed) {
		t.Errorf("a write: %v", err)
	}
}

// Where memory files are forbidden, workers share a file without a name.
func TestShareWithoutMemoryFiles(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	p := run(t, "share without memory files")
	if said := p.hear("words:"); said != `"words 2", <nil>` {
		t.Errorf("it says %s", said)
	}
	if said := p.hear("write:"); !strings.Contains(said, "worker crashed") {
		t.Errorf("a write: %s", said)
	}
	if err := p.wait(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("it has left behind %v, %v", left, err)
	}
}

func init() {
	programs["share without memory files"] = func() {
		if err := forbid(unix.SYS_MEMFD_CREATE, unix.EPERM); err != nil {
			fmt.Println("words:", err)
			return
		}
		ctx, loads := context.Background(), 0
		r := newReaders(legion.Pool{Max: 1}, func(context.Context) ([]byte, error) {
			loads++
			return []byte(fmt.Sprint("words ", loads)), nil
		}, index)
		if err := r.d.Start(ctx); err != nil {
			fmt.Println("words:", err)
			return
		}
		if err := r.d.Reload(ctx); err != nil {
			fmt.Println("words:", err)
		}
		out, err := r.read.Call(ctx, "words")
		fmt.Printf("words: %q, %v\n", out, err)
		_, err = r.read.Call(ctx, "write")
		fmt.Println("write:", strings.ReplaceAll(fmt.Sprint(err), "\n", " "))
		if err := r.d.Stop(ctx); err != nil {
			fmt.Println("stop:", err)
		}
	}
}

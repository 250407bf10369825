package takeover

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func init() {
	parts["print"] = playPrint
	parts["own stderr"] = func() {
		h := Inherited()
		r, own := h.File("report"), h.File("own")
		fmt.Fprintln(os.Stderr, "before")
		check(replace(int(own.Fd()), 2))
		check(h.Ready())
		<-h.Settled()
		fmt.Fprintln(os.Stderr, "own")
		say(r, "printed", true)
		stay()
	}
	parts["parent"] = func() {
		h := Inherited()
		child := exec.Command(executable())
		child.Env = environ("child prints")
		child.Stdin, child.Stderr = h.File("child's stdin"), h.File("child's stderr")
		check(child.Start())
		check(h.Ready())
		stay()
	}
	parts["child prints"] = func() {
		io.Copy(io.Discard, os.Stdin) // until the test closes it
		fmt.Fprintln(os.Stderr, "a child says hello")
	}
}

// playPrint prints to stderr before it is ready, between that and settled, and
// after; its child prints too.
func playPrint() {
	h := Inherited()
	r, in := h.File("report"), h.File("child's stdin")
	child := exec.Command(executable())
	child.Env = environ("child prints")
	child.Stdin, child.Stderr = in, os.Stderr
	check(child.Start())
	in.Close()
	for i := range 20000 {
		fmt.Fprintln(os.Stderr, "before", i)
	}
	check(h.Ready())
	fmt.Fprintln(os.Stderr, "ready")
	<-h.Settled()
	fmt.Fprintln(os.Stderr, "settled")
	say(r, "printed", true)
	check(child.Wait())
	say(r, "child", true)
	stay()
}

// Everything a successor prints arrives in its stderr, in order, whichever
// process is reading the pipe.
func TestStderr(t *testing.T) {
	leaks(t)
	to, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	in, childsEnd, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer childsEnd.Close()
	r := newReport(t)
	s := spec("print", r)
	s.Stderr = to
	s.Files["child's stdin"] = in
	p := begin(t, s)
	in.Close()
	r.value("printed")
	childsEnd.Close()
	r.value("child")
	want := make([]string, 20000, 20003)
	for i := range want {
		want[i] = fmt.Sprint("before ", i)
	}
	want = append(want, "ready", "settled", "a child says hello")
	for begin := time.Now(); ; time.Sleep(time.Millisecond) { // until the child's line has been copied
		b, err := os.ReadFile(to.Name())
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Split(strings.TrimSpace(string(b)), "\n")
		if slices.Equal(got, want) {
			break
		}
		if time.Since(begin) > hang {
			t.Fatalf("%d lines, the last: %q", len(got), got[max(0, len(got)-5):])
		}
	}
	end(t, p)
}

// A process that has redirected its stderr keeps it.
func TestOwnStderr(t *testing.T) {
	leaks(t)
	own, err := os.Create(filepath.Join(t.TempDir(), "own"))
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	r := newReport(t)
	s := spec("own stderr", r)
	s.Files["own"], s.Stderr = own, nil
	begin(t, s)
	r.value("printed")
	if b, err := os.ReadFile(own.Name()); string(b) != "own\n" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

func TestLastLines(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"\n\n", nil},
		{"a", []string{"a"}},
		{"a\nb\xff\n", []string{"a", "b\uFFFD"}},
		{strings.Repeat("x\n", OutputLines+5), strings.Fields(strings.Repeat("x ", OutputLines))},
		{strings.Repeat("x", 2*outputBytes), []string{strings.Repeat("x", outputBytes)}},
		{strings.Repeat("x", outputBytes) + "\ny", []string{"y"}},
	} {
		if got := lastLines([]byte(c.in)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%.100q: %.100q", c.in, got)
		}
	}
}

// Only the end of a flood is kept, and all of it is passed on.
func TestFlood(t *testing.T) {
	parts := []int{1, 100, outputBytes, 3 * outputBytes, 100 << 10}
	to, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	r, w, err := pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := newCapture(r, to)
	total := 0
	for range 20 {
		for _, n := range parts {
			w.Write(bytes.Repeat([]byte("x"), n-1))
			w.Write([]byte("\n"))
			total += n
		}
	}
	w.Write([]byte("the end"))
	w.Close()
	lines := c.finish()
	if lines[len(lines)-1] != "the end" || cap(c.tail) > 8*outputBytes {
		t.Errorf("%.200q, %d bytes are kept", lines, cap(c.tail))
	}
	if info, err := to.Stat(); err != nil || info.Size() != int64(total+len("the end")) {
		t.Errorf("%v, %v; not %d", info.Size(), err, total)
	}
}

// A file that takes no more bytes, such as a stopped terminal, does not keep a
// start from ending.
func TestStderrThatBlocks(t *testing.T) {
	t.Parallel()
	r, w, err := pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := spec("fail", newReport(t))
	s.Stderr = w
	full := make(chan struct{})
	go func() { // fills it
		defer close(full)
		w.Write(make([]byte, 1<<20))
	}()
	f := fails(t, t.Context(), s)
	contains(t, strings.Join(f.Output, "\n"), "looking for the listener")
	r.Close()
	<-full
	w.Close()
}

// Nor does a file that blocks only at the rest of the pipe, after the reading
// was stopped.
func TestStderrThatBlocksAtTheEnd(t *testing.T) {
	t.Parallel()
	r, w, err := pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	unread, full, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	defer unread.Close()
	full.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	for err == nil {
		_, err = full.Write(make([]byte, 4<<10))
	}
	full.SetWriteDeadline(time.Time{})
	fmt.Fprintln(w, "the last words")

	c := &capture{r: r, to: full, stopped: make(chan struct{})}
	c.drain.Store(true)
	r.SetReadDeadline(time.Unix(1, 0)) // as finish does
	go c.run()
	for said := false; !said; runtime.Gosched() { // copy follows, and blocks
		c.mu.Lock()
		said = len(c.tail) > 0
		c.mu.Unlock()
	}
	if lines := c.finish(); !slices.Equal(lines, []string{"the last words"}) {
		t.Errorf("%q", lines)
	}
	unread.Close()
	<-c.stopped
}

// When a successor that counts dies, its predecessor does not kill its group:
// the processes it has started live on.
func TestChildOfSuccessorStays(t *testing.T) {
	leaks(t)
	in, childsIn, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer childsIn.Close()
	out, childsErr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	defer childsErr.Close()
	s := spec("parent", newReport(t))
	s.Files["child's stdin"], s.Files["child's stderr"] = in, childsErr
	p := begin(t, s)
	in.Close()
	childsErr.Close()
	if err := syscall.Kill(p.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if code, signal := p.Exit(); code != -1 || signal != syscall.SIGKILL {
		t.Error(code, signal)
	}
	childsIn.Close() // now it prints, and ends
	if b, err := io.ReadAll(out); string(b) != "a child says hello\n" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

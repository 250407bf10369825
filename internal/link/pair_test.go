package link_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/reuse"
	"github.com/legion-go/legion/internal/wire"
)

// guard is how long a test waits for an event that should happen at once.
const guard = 20 * time.Second

// childMarker makes the test binary play the worker: "transport maxpayload
// handler".
const childMarker = "LEGION_LINK_TEST_CHILD"

func TestMain(m *testing.M) {
	if role := os.Getenv(childMarker); role != "" {
		os.Unsetenv(childMarker)
		child(role)
		return
	}
	os.Exit(m.Run())
}

// child serves echoes until its daemon goes away.
func child(role string) {
	var transport, maxPayload int
	var how string
	if _, err := fmt.Sscan(role, &transport, &maxPayload, &how); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(2)
	}
	runtime.GOMAXPROCS(1)
	go func() { // the lifeline: no child survives its test
		bufio.NewReader(os.Stdin).ReadByte()
		os.Exit(3)
	}()
	var files []*os.File
	for fd := 3; fd < 3+int(fileCount(link.Transport(transport))); fd++ {
		files = append(files, os.NewFile(uintptr(fd), "inherited"))
	}
	begin := func() {}
	if how == "holes" {
		f := again(files[0])
		begin = sync.OnceFunc(func() { go punchHoles(f) })
	}
	var busy atomic.Int32
	c, err := link.Open(link.Transport(transport), files, link.Options{MaxPayload: int64(maxPayload), Busy: &busy})
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(2)
	}
	err = echo(c, &busy, how, begin)
	if how == "holes" { // it has broken its own end, too; it continues until it is killed
		select {}
	}
	if err != nil && err != io.EOF && !strings.Contains(err.Error(), "told to") {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(2)
	}
}

// again returns another descriptor for f.
func again(f *os.File) *os.File {
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		panic(err)
	}
	return os.NewFile(uintptr(fd), f.Name())
}

func fileCount(t link.Transport) int {
	if t == link.SharedMemory {
		return 5
	}
	return 1
}

// echo answers each request with its own payload, in a goroutine or ("inline")
// in the handler.
func echo(c link.Conn, busy *atomic.Int32, how string, pinged func()) error {
	answer := func(call uint32, code uint16, p []byte) {
		c.Send(wire.Header{Kind: wire.Response, Call: call, Code: code}, p)
	}
	pool := newBuffers()
	return c.Serve(func(f link.Frame) error {
		switch {
		case f.Kind == wire.Stop:
			return fmt.Errorf("told to stop")
		case f.Kind == wire.Ping:
			pinged()
			return c.Send(wire.Header{Kind: wire.Pong, Call: f.Call}, f.Payload)
		case f.Kind != wire.Request || !c.Begin(f.Call):
			return nil
		case how == "inline":
			answer(f.Call, f.Code, f.Payload)
			return nil
		}
		b := pool.get(f)
		busy.Add(1)
		call, code, owned := f.Call, f.Code, f.Owned
		go func() {
			busy.Add(-1)
			answer(call, code, *b)
			if owned {
				reuse.Put(*b)
				*b = nil
			}
			pool.put(b)
		}()
		return nil
	}, nil)
}

// start runs the test binary as the worker of a new link.
func start(t testing.TB, tr link.Transport, o link.Options, how string) (link.Conn, *exec.Cmd) {
	t.Helper()
	c, files, err := link.New(tr, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != fileCount(tr) {
		t.Fatalf("%d files", len(files))
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childMarker+"="+strconv.Itoa(int(tr))+" "+strconv.FormatInt(o.MaxPayload, 10)+" "+how)
	cmd.ExtraFiles = files
	cmd.Stderr = os.Stderr
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		f.Close()
	}
	t.Cleanup(func() {
		c.Close()
		lifeline.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	return c, cmd
}

// pair makes both ends of a link in this process.
func pair(t testing.TB, tr link.Transport, o link.Options) (daemon, worker link.Conn) {
	t.Helper()
	daemon, files, err := link.New(tr, o)
	if err != nil {
		t.Fatal(err)
	}
	worker, err = link.Open(tr, files, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { daemon.Close(); worker.Close() })
	return daemon, worker
}

// each runs a test over every transport of this system.
func each(t *testing.T, f func(t *testing.T, tr link.Transport)) {
	for _, tr := range transports() {
		t.Run(tr.String(), func(t *testing.T) { f(t, tr) })
	}
}

func transports() []link.Transport {
	if link.Default() == link.SharedMemory {
		return []link.Transport{link.SharedMemory, link.Socket}
	}
	return []link.Transport{link.Socket}
}

// within fails the test if f does not return.
func within(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	await(t, what, done)
}

func await[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(guard):
		buf := make([]byte, 1<<20)
		t.Fatalf("%s: nothing after %v\n%s", what, guard, buf[:runtime.Stack(buf, true)])
		panic("unreachable")
	}
}

// serve runs Serve and sends its error to the channel.
func serve(c link.Conn, h link.Handler) <-chan error {
	done := make(chan error, 1)
	go func() { done <- c.Serve(h, nil) }()
	return done
}

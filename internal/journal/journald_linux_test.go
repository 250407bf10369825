package journal

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// hang is how long a test waits for what must happen; it says nothing about how
// fast it is.
const hang = time.Minute

func TestMain(m *testing.M) {
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		l.Close() // what the runtime opens for itself, it has opened now
	}
	fds, routines := descriptors(), runtime.NumGoroutine()
	code := m.Run()
	if fuzzing := flag.Lookup("test.fuzz").Value.String() != ""; fuzzing {
		os.Exit(code) // its goroutines go on until the very end
	}
	for deadline := time.Now().Add(5 * time.Second); code == 0; time.Sleep(time.Millisecond) {
		if descriptors() <= fds && runtime.NumGoroutine() <= routines {
			break
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<16)
			fmt.Printf("left behind: %d descriptors, %d goroutines\n%s\n", descriptors()-fds,
				runtime.NumGoroutine()-routines, stacks[:runtime.Stack(stacks, true)])
			code = 1
		}
	}
	os.Exit(code)
}

func descriptors() int {
	names, _ := filepath.Glob("/proc/self/fd/*")
	return len(names)
}

func guard(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	t.Cleanup(cancel)
	return ctx
}

func do(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// journald is the other end.
type journald struct {
	t    testing.TB
	conn *net.UnixConn
	buf  []byte
}

func listen(t testing.TB, path string) *journald {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	do(t, err)
	t.Cleanup(func() { conn.Close() })
	do(t, conn.SetReadDeadline(time.Now().Add(hang)))
	return &journald{t, conn, make([]byte, 1<<20)}
}

// next receives an entry; file says whether it came in a memory file.
func (j *journald) next() (fields []pair, file bool) {
	j.t.Helper()
	oob := make([]byte, 100)
	n, oobn, _, _, err := j.conn.ReadMsgUnix(j.buf, oob)
	do(j.t, err)
	entry := j.buf[:n]
	if oobn > 0 {
		if n != 0 {
			j.t.Errorf("%d bytes besides the memory file", n)
		}
		entry = j.file(oob[:oobn])
	}
	fields, err = parse(entry)
	do(j.t, err)
	return fields, oobn > 0
}

func (j *journald) file(oob []byte) []byte {
	j.t.Helper()
	messages, err := unix.ParseSocketControlMessage(oob)
	do(j.t, err)
	fds, err := unix.ParseUnixRights(&messages[0])
	do(j.t, err)
	if len(messages) != 1 || len(fds) != 1 {
		j.t.Fatalf("%d messages, %d descriptors", len(messages), len(fds))
	}
	f := os.NewFile(uintptr(fds[0]), "entry")
	defer f.Close()
	const all = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL
	if seals, err := unix.FcntlInt(f.Fd(), unix.F_GET_SEALS, 0); err != nil || seals&all != all {
		j.t.Errorf("sealed with %#x, %v", seals, err)
	}
	_, err = f.Seek(0, io.SeekStart)
	do(j.t, err)
	entry, err := io.ReadAll(f)
	do(j.t, err)
	return entry
}

// start opens a sink that the test's end closes.
func start(t testing.TB, path string) *Sink {
	t.Helper()
	s, err := Open(path)
	do(t, err)
	t.Cleanup(func() { do(t, s.Close()) })
	return s
}

// put puts an entry, which has to succeed.
func put(t testing.TB, s *Sink, entry []byte) {
	t.Helper()
	if n, err := s.Put(guard(t), entry); n != len(entry) || err != nil {
		t.Fatalf("put: %d, %v", n, err)
	}
}

func pathIn(t testing.TB) string { return filepath.Join(t.TempDir(), "socket") }

func message(text string) []byte { return AppendField(nil, "MESSAGE", text) }

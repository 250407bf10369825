package takeover

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func init() {
	parts["generation"] = playGeneration
}

// playGeneration is a server that upgrades at a client's request. A request is
// a line; "upgrade <path>" starts the program at path, and the answer is the
// result. Every answer begins with the version of the program that answers.
func playGeneration() {
	var r, lock *os.File
	var l net.Listener
	var err error
	h := Inherited()
	if h == nil { // the first
		r = helperReport().w
		lock, err = os.Open(os.Getenv("TAKEOVER_TEST_LOCK"))
		check(err)
		check(syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
		l, err = net.Listen("tcp", "127.0.0.1:0")
	} else {
		r, lock = h.File("report"), h.File("lock")
		f := h.File("listener")
		l, err = net.FileListener(f)
		f.Close()
	}
	check(err)
	if h != nil {
		check(h.Ready())
		<-h.Settled()
		<-h.gone
	}
	say(r, "pid", os.Getpid())
	// Pipes do not count: its stderr's pipe is closed at some later time.
	say(r, "open", len(slices.DeleteFunc(descriptors(), func(fd string) bool { return strings.Contains(fd, "pipe:") })))
	if h == nil {
		say(r, "address", l.Addr())
	}
	var open sync.WaitGroup
	for {
		c, err := l.Accept()
		if err != nil {
			break // a successor has taken over
		}
		open.Go(func() {
			defer c.Close()
			line, err := bufio.NewReader(c).ReadString('\n')
			if err != nil {
				return
			}
			result := "ok"
			if path, ok := strings.CutPrefix(strings.TrimSpace(line), "upgrade "); ok {
				if err := upgrade(path, l, lock, r); err != nil {
					result = err.Error()
				} else {
					l.Close()
				}
			}
			fmt.Fprintf(c, "%s: %s", version(), result)
		})
	}
	open.Wait() // the drain
}

func upgrade(path string, l net.Listener, lock, r *os.File) error {
	f, err := l.(*net.TCPListener).File()
	check(err)
	defer f.Close()
	_, err = Start(context.Background(), Spec{
		Path: path, Env: environ("generation"), Kind: Upgrade, Timeout: hang, Settle: 5 * time.Millisecond,
		Files: map[string]*os.File{"listener": f, "lock": lock, "report": r}, Stderr: os.Stderr,
	})
	return err
}

// version returns the text after the last "version " in the program's file.
func version() string {
	f, err := os.Open("/proc/self/exe")
	check(err)
	defer f.Close()
	_, err = f.Seek(-10, io.SeekEnd)
	check(err)
	b, err := io.ReadAll(f)
	check(err)
	return string(b)
}

// ask sends a request.
func ask(addr, request string) (string, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(hang))
	if _, err := fmt.Fprintln(c, request); err != nil {
		return "", err
	}
	b, err := io.ReadAll(c)
	if err == nil && len(b) < 10 {
		err = fmt.Errorf("the answer is %q", b)
	}
	return string(b), err
}

// The program is replaced and upgraded several times in a row, with failures in
// between, while clients send requests and another process tries to get the
// lock: no request is refused or broken, the lock is never free, and no
// descriptors pile up.
func TestHandOversInARow(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	install := func(version string) { // as an installer does: the new file replaces the old one
		copyProgram(t, program+".new", version)
		if err := os.Rename(program+".new", program); err != nil {
			t.Fatal(err)
		}
	}
	lockPath := filepath.Join(dir, "lock")
	lock, err := os.Create(lockPath)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	install("version 0.")
	r := newReport(t)
	first := helper("generation", r, "TAKEOVER_TEST_LOCK="+lockPath)
	first.Path = program
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	defer first.Wait()
	r.w.Close()
	pid := processID(t, r.value("pid"))
	defer func() { syscall.Kill(pid, syscall.SIGKILL) }()
	open := r.value("open")
	addr := r.value("address")

	stop := make(chan struct{})
	var clients sync.WaitGroup
	defer clients.Wait()
	defer close(stop)
	for range 3 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got, err := ask(addr, "hello"); err != nil || !strings.HasSuffix(got, ": ok") {
					t.Errorf("%q, %v", got, err)
					return
				}
				if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != syscall.EWOULDBLOCK {
					t.Errorf("the lock was free: %v", err)
					return
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	expect := func(request, want string) {
		t.Helper()
		got, err := ask(addr, request)
		if err != nil || !strings.HasPrefix(got, want) {
			t.Fatalf("%s: %q, %v; not %q", request, got, err, want)
		}
	}
	const generations = 6
	var count string
	for n := range generations {
		now := fmt.Sprintf("version %d.", n)
		expect("version", now+": ok")
		expect("upgrade /bin/false", now+": starting a successor: /bin/false (process")
		expect("upgrade "+dir+"/missing", now+": starting a successor: "+dir+"/missing: no such file")
		expect("version", now+": ok")
		install(fmt.Sprintf("version %d.", n+1))
		expect("upgrade "+program, now+": ok")
		pid = processID(t, r.value("pid"))
		if got := r.value("open"); n == 0 {
			count = got
		} else if got != count {
			t.Errorf("generation %d has %s descriptors open, the first had %s, the second %s", n+1, got, open, count)
		}
	}
	expect("version", fmt.Sprintf("version %d.: ok", generations))
}

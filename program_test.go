package legion_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
)

// programKey names the environment variable that makes the test binary one of
// these programs: daemons in a process of their own.
const programKey = "LEGION_TEST_PROGRAM"

var programs = map[string]func(){
	"daemon": daemonMain,
	"early":  earlyMain,
	"swept":  sweptMain,
	"web":    webMain,
}

// daemonMain is a daemon that does what it is told on standard input: "workers"
// prints their pids; a deed, as JSON, is called, and its end printed.
func daemonMain() {
	c := quiet("daemon")
	c.StopTimeout = time.Hour
	s := newSoloOf(c, legion.Pool{Min: 3, Max: 3, Heartbeat: time.Second, KillGrace: 100 * time.Millisecond})
	var deeds sync.WaitGroup
	legion.On(s.d, func(context.Context, event.Started) error {
		go obey(s, &deeds)
		return nil
	})
	s.d.Teardown(func(context.Context) error {
		deeds.Wait() // all calls have ended by now; a busy machine prints their ends later
		fmt.Println("teardown")
		return nil
	})
	if err := s.d.Run(context.Background()); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

func obey(s *solo, deeds *sync.WaitGroup) {
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if in.Text() == "workers" {
			ready := s.workers("ready")
			for ; len(ready) < 3; ready = s.workers("ready") {
				time.Sleep(time.Millisecond)
			}
			fmt.Println("workers", ready[0].PID, ready[1].PID, ready[2].PID)
			continue
		}
		var x deed
		if err := json.Unmarshal(in.Bytes(), &x); err != nil {
			fmt.Println("error", err)
			continue
		}
		deeds.Go(func() {
			out, err := s.do.Call(context.Background(), x)
			kind := "ok"
			for _, k := range []error{legion.ErrStopped, legion.ErrCrashed, legion.ErrTimeout} {
				if errors.Is(err, k) {
					kind = k.Error()
				}
			}
			fmt.Println("did", kind, out)
		})
	}
}

// program is a running one.
type program struct {
	t      testing.TB
	cmd    *exec.Cmd
	in     *os.File
	out    *bufio.Scanner
	stderr bytes.Buffer
	once   sync.Once
	err    error
}

// run starts a program, which is killed when the test ends at the latest.
func run(t testing.TB, name string) *program {
	t.Helper()
	return runCommand(t, name, os.Args[0])
}

// runCommand is run by another command.
func runCommand(t testing.TB, name string, command ...string) *program {
	t.Helper()
	return start(t, name, exec.Command(command[0], command[1:]...))
}

// runAs is run as another user, who may not enter the folder of the test
// binary.
func runAs(t testing.TB, name string, user *syscall.Credential) *program {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: user}
	return start(t, name, cmd)
}

func start(t testing.TB, name string, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{t: t, cmd: cmd}
	p.cmd.Env = append(os.Environ(), programKey+"="+name)
	p.cmd.Stderr = &p.stderr
	p.cmd.WaitDelay = 10 * time.Second
	r, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in, p.cmd.Stdin = in, r
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out, p.cmd.Stdout = bufio.NewScanner(out), w
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = r.Close(), w.Close()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.wait()
		_, _ = in.Close(), out.Close()
		if t.Failed() && p.stderr.Len() > 0 {
			t.Logf("%s said on stderr:\n%s", name, p.stderr.String())
		}
	})
	return p
}

// say gives it a command.
func (p *program) say(line string) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		p.t.Fatal(err)
	}
}

func (p *program) do(x deed) {
	p.t.Helper()
	b, err := json.Marshal(x)
	if err != nil {
		p.t.Fatal(err)
	}
	p.say(string(b))
}

// line returns the next line.
func (p *program) line() string {
	p.t.Helper()
	if !p.out.Scan() {
		p.t.Fatalf("it ended: %v\n%s", p.wait(), p.stderr.String())
	}
	return p.out.Text()
}

// hear returns the rest of the next line that begins with the given word.
func (p *program) hear(word string) string {
	p.t.Helper()
	for p.out.Scan() {
		if rest, ok := strings.CutPrefix(p.out.Text(), word); ok {
			return strings.TrimSpace(rest)
		}
		p.t.Logf("heard %q", p.out.Text())
	}
	p.t.Fatalf("it ended without saying %q: %v\n%s", word, p.wait(), p.stderr.String())
	return ""
}

// workers asks for the pids of its workers, when all are ready.
func (p *program) workers() (pids []int) {
	p.t.Helper()
	p.say("workers")
	for _, word := range strings.Fields(p.hear("workers")) {
		var pid int
		if _, err := fmt.Sscan(word, &pid); err != nil {
			p.t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	slices.Sort(pids)
	return pids
}

func (p *program) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// wait returns how it ended.
func (p *program) wait() error {
	p.once.Do(func() { p.err = p.cmd.Wait() })
	return p.err
}

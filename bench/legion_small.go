package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// legionSmallPeer is Legion in a program of its own, small/main.go, because start and memory of a worker depend on the
// size of the binary. The daemon runs before the clock does, and is told over a pipe to start a worker; the pipe costs
// some 0.1 ms of each start. It is for the rows about a worker's life only.
type legionSmallPeer struct{ *smallDaemon }

func newLegionSmallPeer() legionSmallPeer { return legionSmallPeer{&smallDaemon{}} }

func (legionSmallPeer) Name() string { return "legion-small" }

func (legionSmallPeer) Procs() int { return 1 }

// Serve is never called: the workers are processes of the other program.
func (legionSmallPeer) Serve() error { return errNotCarried }

func (p legionSmallPeer) Open() (Session, error) {
	answer, err := p.ask("open")
	if err != nil {
		return nil, err
	}
	pid, err := strconv.Atoi(answer)
	if err != nil {
		return nil, fmt.Errorf("starting a worker of %s: its pid: %w", p.Name(), err)
	}
	return &smallSession{p.smallDaemon, pid}, nil
}

type smallSession struct {
	daemon *smallDaemon
	pid    int
}

// Bytes calls with the program's own 64 bytes; those of the row stay here.
func (s *smallSession) Bytes([]byte) (Call, error) {
	return func() error {
		_, err := s.daemon.ask("call")
		return err
	}, nil
}

func (s *smallSession) Record() (Call, error) { return nil, errNotCarried }

func (s *smallSession) PIDs() []int { return []int{s.pid} }

func (s *smallSession) Close() error {
	_, err := s.daemon.ask("close")
	return err
}

// smallDaemon is the running program.
type smallDaemon struct {
	mu   sync.Mutex
	proc *child
	in   io.Writer
	out  *bufio.Scanner
}

// Prepare builds and starts the program.
func (d *smallDaemon) Prepare() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.proc != nil {
		return nil
	}
	binary := filepath.Join(scratch, "small")
	build := exec.Command("go", "build", "-o", binary, "github.com/legion-go/legion/bench/small")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the small program, which needs the go command and the folder bench: %w: %s", err, strings.TrimSpace(string(out)))
	}
	cmd := exec.Command(binary)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = childAttr()
	in, errIn := cmd.StdinPipe()
	out, errOut := cmd.StdoutPipe()
	if errIn != nil || errOut != nil {
		return fmt.Errorf("starting the small program: %v, %v", errIn, errOut)
	}
	proc := &child{cmd: cmd}
	if err := proc.run(); err != nil {
		return fmt.Errorf("starting the small program: %w", err)
	}
	d.proc, d.in, d.out = proc, in, bufio.NewScanner(out)
	return nil
}

// ask sends one command and returns its answer.
func (d *smallDaemon) ask(command string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := io.WriteString(d.in, command+"\n"); err != nil {
		return "", fmt.Errorf("telling the small program to %s: %w", command, err)
	}
	if !d.out.Scan() {
		return "", fmt.Errorf("telling the small program to %s: it ended: %w", command, d.out.Err())
	}
	if reason, failed := strings.CutPrefix(d.out.Text(), "error: "); failed {
		return "", fmt.Errorf("telling the small program to %s: %s", command, reason)
	}
	return d.out.Text(), nil
}

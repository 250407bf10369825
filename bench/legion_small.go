package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// legionSmallPeer is Legion in a program of its own, small/main.go, because
// start and memory of a worker depend on the size of the binary. The daemon
// runs before the clock starts, and gets the request for a worker over a pipe,
// which costs some 0.1 ms of each start. It is only for the rows about a
// worker's life.
type legionSmallPeer struct {
	*smallDaemon
	name string
}

func newLegionSmallPeer() legionSmallPeer { return legionSmallPeer{&smallDaemon{}, smallSubject} }

func (p legionSmallPeer) Name() string { return p.name }

func (legionSmallPeer) Procs() int { return 1 }

// Serve is never called: the workers are processes of the other program.
func (legionSmallPeer) Serve() error { return errNotCarried }

func (p legionSmallPeer) Open() (Session, error) {
	answer, err := p.ask("open")
	if err != nil {
		return nil, err
	}
	var pid int
	var took time.Duration
	if _, err := fmt.Sscan(answer, &pid, &took); err != nil {
		return nil, fmt.Errorf("starting a worker of %s: it answered %q: %w", p.Name(), answer, err)
	}
	return &smallSession{p.smallDaemon, pid, took}, nil
}

type smallSession struct {
	daemon *smallDaemon
	pid    int
	took   time.Duration // from the first call to its answer: the start of the worker
}

// Bytes calls with the program's own 64 bytes, not with those of the row.
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
	version string // the folder of another version of Legion; "" = this one

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
	dir, err := os.MkdirTemp(scratch, "small-")
	if err != nil {
		return err
	}
	binary := filepath.Join(dir, "small")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary)
	build.Env = append(os.Environ(), "GOWORK=off")
	if d.version != "" {
		if err := d.inVersion(build, dir); err != nil {
			return err
		}
	}
	build.Args = append(build.Args, "github.com/legion-go/legion/bench/small")
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

// inVersion lets the build take Legion from the other version, and the program
// from this one.
func (d *smallDaemon) inVersion(build *exec.Cmd, dir string) error {
	there, err := filepath.Abs(filepath.Join(d.version, "bench"))
	if err != nil {
		return err
	}
	here, err := filepath.Abs("small/main.go")
	if err != nil {
		return err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(there, "small", "main.go"): here}})
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "overlay.json")
	build.Dir = there
	build.Args = append(build.Args, "-overlay", file)
	return os.WriteFile(file, overlay, 0o600)
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

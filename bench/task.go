package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/legion-go/legion"
)

// The peers of the rows about tasks.
const (
	taskName = "legion-task"
	coldName = "legion-task-cold" // no process is kept ready
	execSelf = "exec-self"        // this binary, which exits at once
	execTrue = "exec-true"        // /bin/true: the cost of a process without Go
)

// exitRole is the role of a process that exits at once.
const exitRole = "exit"

// taskRows are about a process for each call.
func taskRows() []Row {
	row := func(name, about string, measure func(Session, []Call, Config) (Sample, error), callers int) Row {
		return Row{
			Name:    name,
			About:   about,
			Columns: []Metric{P50, P99, Rate},
			Versus:  versus(execSelf, P50, Rate),
			Peers:   taskPeers,
			measure: func(p Peer, c Config) (Sample, error) {
				return withCallers(p, callers, taskCaller, c.Dur/4, func(s Session, calls []Call) (Sample, error) { return measure(s, calls, c) })
			},
		}
	}
	loop := func(s Session, calls []Call, c Config) (Sample, error) { return closedLoop(s, calls, c.Dur) }
	procs := runtime.GOMAXPROCS(0)
	return []Row{
		row("task", "a process for each call, one every 20 ms", func(s Session, calls []Call, c Config) (Sample, error) {
			return paced(s, calls[0], 20*time.Millisecond, c.Paced)
		}, 1),
		row("task x1", "a process for each call, 1 caller", loop, 1),
		row(fmt.Sprintf("task x%d", procs), "a process for each call, a caller for each CPU", loop, procs),
	}
}

// taskPeers lists the ways to run one function in a fresh process.
func taskPeers(int) []Peer {
	return []Peer{
		execPeer{execTrue, func() *exec.Cmd { return exec.Command("/bin/true") }},
		execPeer{execSelf, func() *exec.Cmd {
			cmd := exec.Command(self())
			cmd.Env = append(os.Environ(), roleVar+"="+exitRole)
			return cmd
		}},
		taskPeer{taskName, legion.TaskOptions{}},
		taskPeer{coldName, legion.TaskOptions{Spare: -1}},
	}
}

// self is the path of this binary.
func self() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

// tasker is a session whose calls have a process each.
type tasker interface{ Task() (Call, error) }

func taskCaller(s Session) (Call, error) { return s.(tasker).Task() }

// taskPeer is a task of Legion that echoes 64 bytes.
type taskPeer struct {
	name string
	opts legion.TaskOptions
}

func (p taskPeer) Name() string { return p.name }

func (taskPeer) Procs() int { return 1 }

func (p taskPeer) declare() taskSession {
	d := newDaemon()
	return taskSession{d, legion.Task(d, "echo", func(_ context.Context, in []byte) ([]byte, error) { return in, nil }, p.opts)}
}

func (p taskPeer) Serve() error { return serveDaemon(p.declare().Daemon) }

func (p taskPeer) Open() (Session, error) {
	s := p.declare()
	if err := startDaemon(p.name, s.Daemon); err != nil {
		return nil, err
	}
	return s, nil
}

type taskSession struct {
	*legion.Daemon
	echo *legion.Func[[]byte, []byte]
}

func (s taskSession) Task() (Call, error) {
	in := newPayload(64)
	return func() error {
		answer, err := s.echo.Call(context.Background(), in)
		if err != nil {
			return err
		}
		return checkBytes(in, answer)
	}, nil
}

func (taskSession) Bytes([]byte) (Call, error) { return nil, errNotCarried }

func (taskSession) Record() (Call, error) { return nil, errNotCarried }

func (taskSession) PIDs() []int { return nil }

func (s taskSession) Close() error { return stopDaemon(s.Daemon) }

// execPeer starts a program with os/exec, and waits for its end. It carries
// nothing: what a task does beyond this is Legion's.
type execPeer struct {
	name    string
	command func() *exec.Cmd
}

func (p execPeer) Name() string { return p.name }

func (execPeer) Procs() int { return runtime.GOMAXPROCS(0) }

// Serve is never called: main does what the process has to do.
func (execPeer) Serve() error { return errNotCarried }

func (p execPeer) Open() (Session, error) { return execSession(p), nil }

type execSession execPeer

func (s execSession) Task() (Call, error) {
	return func() error { return s.command().Run() }, nil
}

func (execSession) Bytes([]byte) (Call, error) { return nil, errNotCarried }

func (execSession) Record() (Call, error) { return nil, errNotCarried }

func (execSession) PIDs() []int { return nil }

func (execSession) Close() error { return nil }

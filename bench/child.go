package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// roleVar tells a process that it is the worker of a peer, and of which. main
// reads it before anything else, and unsets it: a worker can never start the
// benchmark again.
const roleVar = "LEGION_BENCH_WORKER"

// takeRole returns the peer that this process works for, or "".
func takeRole() string {
	role := os.Getenv(roleVar)
	os.Unsetenv(roleVar)
	return role
}

// serve is the main function of a worker process. It returns only if the peer
// cannot serve.
func serve(role string) error {
	if kind, is := strings.CutPrefix(role, abuserRole); is {
		return abuse(kind)
	}
	chosen, err := choosePeers(everyone(0), role)
	if err != nil {
		return err
	}
	return fmt.Errorf("worker of %s: %w", role, errors.Join(chosen[0].Serve(), errors.New("serving ended")))
}

// workerCommand prepares a worker process of the named peer: this binary with a
// role and a GOMAXPROCS.
func workerCommand(peer string, procs int) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the benchmark's own binary: %w", err)
	}
	cmd := exec.Command(self)
	cmd.Env = workerEnv(os.Environ(), peer, procs)
	cmd.SysProcAttr = childAttr()
	return cmd, nil
}

// workerEnv is env with role and GOMAXPROCS, each exactly once.
func workerEnv(env []string, peer string, procs int) []string {
	var out []string
	for _, kv := range env {
		if !strings.HasPrefix(kv, roleVar+"=") && !strings.HasPrefix(kv, "GOMAXPROCS=") {
			out = append(out, kv)
		}
	}
	return append(out, roleVar+"="+peer, "GOMAXPROCS="+strconv.Itoa(procs))
}

// child is a process started here; a worker, mostly, that serves on a Unix
// socket.
//
// The socket is made here and inherited as descriptor 3: callers may connect
// before the worker is ready, and no time is lost with asking whether it is.
type child struct {
	cmd  *exec.Cmd
	dir  string // holds the socket alone; "" = no socket
	sock string
	once sync.Once
}

const listenerFD = 3

// startChild starts a worker process of the named peer. Start it from the main
// goroutine only (see childAttr).
func startChild(peer string, procs int) (*child, error) {
	cmd, err := workerCommand(peer, procs)
	if err != nil {
		return nil, err
	}
	return startServer(peer, cmd)
}

// startServer starts a prepared command with the socket.
func startServer(peer string, cmd *exec.Cmd) (_ *child, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("starting a worker of %s: %w", peer, err)
		}
	}()
	dir, err := os.MkdirTemp(scratch, "sock-")
	if err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, dir: dir, sock: filepath.Join(dir, "s")}
	if err := c.listen(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return c, nil
}

// listen starts the prepared command with the socket.
func (c *child) listen() error {
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: c.sock, Net: "unix"})
	if err != nil {
		return err
	}
	ln.SetUnlinkOnClose(false) // the worker goes on listening
	defer ln.Close()
	file, err := ln.File()
	if err != nil {
		return err
	}
	defer file.Close()
	c.cmd.Stderr = os.Stderr
	c.cmd.ExtraFiles = []*os.File{file}
	return c.run()
}

// run starts the prepared command. The child then ends with the benchmark at
// the latest.
func (c *child) run() error {
	err := c.cmd.Start()
	if err == nil {
		children.Store(c, nil)
	}
	return err
}

// dial connects to the worker.
func (c *child) dial() (net.Conn, error) { return net.Dial("unix", c.sock) }

func (c *child) pid() int { return c.cmd.Process.Pid }

// stop kills the worker, reaps it and removes its socket. It may be called more
// than once.
func (c *child) stop() {
	c.once.Do(func() {
		children.Delete(c)
		c.cmd.Process.Kill()
		c.cmd.Wait() // the error only says that it was killed
		if c.dir != "" {
			os.RemoveAll(c.dir)
		}
	})
}

// inheritedListener is the socket that startChild made, in the worker process.
func inheritedListener() (net.Listener, error) {
	file := os.NewFile(listenerFD, "listener")
	defer file.Close()
	ln, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("taking over the listener: %w", err)
	}
	return ln, nil
}

// children holds every running *child, in case the benchmark ends early.
var children sync.Map

func stopChildren() {
	children.Range(func(c, _ any) bool { c.(*child).stop(); return true })
}

// scratch is the folder of this run for sockets; the system's own until main
// has made one.
var scratch = ""

//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
)

// setup is a daemon and a front before it, each a process of this program.
type setup struct {
	dir           string
	daemon, front *process
	control       *client.Client
}

// start starts both, and waits until the workers are busy. The caller must stop
// them.
func start(ctx context.Context, workers, events int) (_ *setup, err error) {
	s := &setup{}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	if s.dir, err = os.MkdirTemp("", "insight-"); err != nil {
		return nil, err
	}
	socket := filepath.Join(s.dir, "control.sock")
	env := append(os.Environ(), dirEnv+"="+s.dir, socketEnv+"="+socket, workersEnv+"="+strconv.Itoa(workers), eventsEnv+"="+strconv.Itoa(events))
	if s.daemon, err = self(env, "daemon"); err != nil {
		return nil, err
	}
	if err = s.untilBusy(ctx, socket, workers); err != nil {
		return nil, err
	}
	s.front, err = self(env, "front")
	return s, err
}

// process is one of this program, which ends with the pipe to it.
type process struct {
	pid   int
	in    io.WriteCloser
	lines *bufio.Scanner // that it writes
	ended chan struct{}
}

func self(env []string, role string) (*process, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path)
	cmd.Env = append(slices.Clip(env), roleEnv+"="+role)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the one who measures
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{pid: cmd.Process.Pid, in: in, lines: bufio.NewScanner(out), ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// stop ends it and waits for that.
func (p *process) stop() {
	if p != nil {
		_ = p.in.Close()
		<-p.ended
	}
}

// untilBusy waits for the daemon, and until nine of ten workers run a call: the
// others are between two.
func (s *setup) untilBusy(ctx context.Context, socket string, workers int) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for ; ; _ = sleep(ctx, 100*time.Millisecond) {
		var err error
		if s.control == nil {
			s.control, err = client.Dial(ctx, "unix://"+socket, client.Options{})
		}
		if err == nil {
			var all []status.PoolStats
			running := 0
			if err = s.control.Call(ctx, "pool.list", nil, &all); err == nil {
				for _, p := range all {
					running += p.Running
				}
				if running >= workers*9/10 {
					return nil
				}
			}
		}
		select {
		case <-s.daemon.ended:
			return errors.New("the daemon has ended")
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		default:
		}
	}
}

// stop ends both processes and removes what they wrote.
func (s *setup) stop() {
	if s.control != nil {
		_ = s.control.Close()
	}
	s.front.stop()
	s.daemon.stop()
	_ = os.RemoveAll(s.dir)
}

// link returns an address that opens the page once.
func (s *setup) link() (string, error) {
	if _, err := fmt.Fprintln(s.front.in); err != nil {
		return "", err
	}
	if !s.front.lines.Scan() {
		return "", errors.Join(errors.New("the front gives no link"), s.front.lines.Err())
	}
	return s.front.lines.Text(), nil
}

// used is the processor time that a process has used so far.
func used(p *process) (time.Duration, error) {
	var t unix.Timespec
	clock := int32(^p.pid)<<3 | 2 // clock_getcpuclockid(3)
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0, fmt.Errorf("the processor time of %d: %w", p.pid, err)
	}
	return time.Duration(t.Nano()), nil
}

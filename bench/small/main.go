// Command small is a daemon that contains nothing but Legion: start and memory
// of a worker depend on the size of the binary, and the benchmark's own
// contains gRPC. It reads commands, one on each line of standard input, and
// answers each with one line:
//
//	open    makes a daemon and calls its worker; answers with the worker's pid, and the time that the call took, in ns
//	call    calls the worker; answers with "ok"
//	close   stops the daemon; answers with "ok"
//
// An answer that begins with "error" says what went wrong. It ends with its
// standard input.
package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/legion-go/legion"
)

func main() {
	// Worker processes come here, too: they declare the same and never return from
	// open.
	s := &service{}
	if len(os.Getenv(workerVar)) > 0 {
		s.open()
		os.Exit(1)
	}
	os.Setenv(workerVar, "1")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		answer, err := s.obey(lines.Text())
		if err != nil {
			answer = "error: " + err.Error()
		}
		io.WriteString(os.Stdout, answer+"\n")
	}
	s.close()
}

// workerVar leads worker processes past the standard input.
const workerVar = "LEGION_BENCH_SMALL"

type service struct {
	d    *legion.Daemon
	echo *legion.Func[[]byte, []byte]
}

func (s *service) obey(line string) (string, error) {
	switch line {
	case "open":
		if err := s.open(); err != nil {
			return "", err
		}
		began := time.Now()
		if err := s.call(); err != nil {
			return "", err
		}
		took := time.Since(began)
		workers := s.echo.Pool().Stats().Workers
		if len(workers) != 1 {
			return "", errors.New("not exactly one worker: " + strconv.Itoa(len(workers)))
		}
		return strconv.Itoa(workers[0].PID) + " " + strconv.FormatInt(int64(took), 10), nil
	case "call":
		return "ok", s.call()
	case "close":
		return "ok", s.close()
	}
	return "", errors.New("unknown command " + strconv.Quote(line))
}

func (s *service) open() error {
	s.d = legion.New(legion.Config{Name: "small", Logger: slog.New(slog.DiscardHandler)})
	s.echo = legion.Worker(s.d, "echo", func(_ context.Context, in []byte) ([]byte, error) { return in, nil },
		legion.Pool{Max: 1, Spawn: legion.Lazy})
	return s.d.Start(context.Background())
}

func (s *service) call() error {
	in := []byte("sixty-four bytes are what the smallest rows of the benchmark send")[:64]
	out, err := s.echo.Call(context.Background(), in)
	if err == nil && string(out) != string(in) {
		err = errors.New("the echo came back changed")
	}
	return err
}

func (s *service) close() error {
	if s.d == nil {
		return nil
	}
	return s.d.Stop(context.Background())
}

package main

import (
	"encoding/json"
	"io"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"strings"
	"time"

	"github.com/legion-go/legion/status"
)

// fixedAnswers answers as a daemon does, but always the same, without computing
// anything. The difference to Legion is the cost of computing the answer and of
// strict checks.
type fixedAnswers struct {
	hello  status.Hello
	status status.Daemon
}

func newFixedAnswers() *fixedAnswers {
	return &fixedAnswers{
		status.Hello{Name: "bench", Version: "v1.2.3", Legion: "v1.2.3", Protocol: 1, Go: "go1.26.0", PID: os.Getpid(), State: "running", Started: time.Now(), Uptime: time.Minute},
		status.Daemon{
			Name: "bench", PID: os.Getpid(), State: "running", Version: "v1.2.3", Uptime: time.Minute, User: "root", Host: "localhost", CPU: time.Second,
			Memory: 12 << 20, Load: [3]float64{0.5, 0.25, 0.125}, Workers: 2, Control: []string{"unix:///run/bench/control.sock"},
			Pools: []status.Pool{{Name: "echo", Kind: "worker", State: "running", Min: 2, Max: 2, Ready: 2}},
		},
	}
}

// The methods of fixedAnswers have the form that net/rpc requires.

func (f *fixedAnswers) Hello(_ struct{}, out *status.Hello) error { *out = f.hello; return nil }

func (f *fixedAnswers) Status(_ struct{}, out *status.Daemon) error { *out = f.status; return nil }

// serveJSONRPC is net/rpc/jsonrpc of the standard library: JSON-RPC 1.0.
func serveJSONRPC() error {
	ln, err := inheritedListener()
	if err != nil {
		return err
	}
	if err := rpc.RegisterName("daemon", newFixedAnswers()); err != nil {
		return err
	}
	for {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		go jsonrpc.ServeConn(conn)
	}
}

func dialJSONRPC(sock string) (asker, io.Closer, error) {
	conn, err := net.Dial("unix", sock)
	if err != nil {
		return nil, nil, err
	}
	c := jsonrpc.NewClient(conn)
	return func(method string) ([]byte, error) {
		var result json.RawMessage
		err := c.Call(strings.NewReplacer(".h", ".H", ".s", ".S").Replace(method), struct{}{}, &result)
		return append([]byte("pid"), result...), err // in its answer it is PID
	}, c, nil
}

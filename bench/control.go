package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
)

// controlRows are the rows about the control socket: calls of built-in methods
// by clients with a connection each.
func controlRows() []Row {
	var rows []Row
	for _, method := range []string{"hello", "status"} {
		for _, clients := range []int{1, 16} {
			rows = append(rows, Row{
				Name:    fmt.Sprintf("%s x%d", method, clients),
				About:   fmt.Sprintf("daemon.%s, %s with a connection of its own", method, plural(clients, "client")),
				Columns: []Metric{P50, P99, Rate, CPU, WorkerCPU, Allocs},
				Versus:  versus(jsonrpcName, P50, Rate),
				Peers:   controlPeers,
				measure: func(p Peer, c Config) (Sample, error) { return loop(p, clients, methodCaller("daemon."+method), c) },
			})
		}
	}
	return append(rows, Row{
		Name:    "abuse",
		About:   "daemon.status, 1 client, while others abuse the same control socket",
		Columns: []Metric{P50, P99, Rate, HeapPeak, HeapKept, Floods},
		Versus:  slices.Concat(versus(quiet, P50, P99), versus(elsewhere, P99)),
		Peers:   abusePeers,
		measure: underAbuse,
	})
}

// Peers that other files name.
const (
	jsonrpcName = "net/jsonrpc"
	pythonName  = "python-xmlrpc" // takes part if python3 is installed
)

// controlPeers lists the peers of the rows about the control socket. procs is
// the GOMAXPROCS of their servers.
func controlPeers(procs int) []Peer {
	return []Peer{
		controlPeer{name: "legion-client", procs: procs, serve: serveControl, dial: dialClient},
		controlPeer{name: "legion-http", procs: procs, serve: serveControl, dial: dialHTTP},
		controlPeer{name: jsonrpcName, procs: procs, serve: serveJSONRPC, dial: dialJSONRPC},
		controlPeer{name: pythonName, procs: 1, command: pythonCommand, dial: dialXMLRPC},
	}
}

// controlPeer is one way to ask a daemon how it is.
type controlPeer struct {
	name    string
	procs   int
	serve   func() error              // the main function of the server's process …
	command func() (*exec.Cmd, error) // … or its command, if it is another program
	dial    func(sock string) (asker, io.Closer, error)
}

// asker calls a method and returns its result unchanged.
type asker func(method string) ([]byte, error)

func (p controlPeer) Name() string { return p.name }

func (p controlPeer) Procs() int { return p.procs }

func (p controlPeer) Serve() error { return p.serve() }

func (p controlPeer) Open() (Session, error) {
	s, err := p.open()
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (p controlPeer) open() (_ *controlSession, err error) {
	var c *child
	if p.command == nil {
		c, err = startChild(p.name, p.procs)
	} else {
		var cmd *exec.Cmd
		if cmd, err = p.command(); err == nil {
			c, err = startServer(p.name, cmd)
		}
	}
	if err != nil {
		return nil, err
	}
	return &controlSession{child: c, dialing: p.dial}, nil
}

// controlSession is a running server with its clients.
type controlSession struct {
	*child
	dialing func(sock string) (asker, io.Closer, error)
	clients []io.Closer
}

// methodCaller prepares a client that calls a method.
func methodCaller(method string) newCaller {
	return func(s Session) (Call, error) { return s.(*controlSession).method(method) }
}

// method connects a client. The answers of both methods have the pid, by which
// they are checked.
func (s *controlSession) method(name string) (Call, error) {
	ask, client, err := s.dialing(s.sock)
	if err != nil {
		return nil, err
	}
	s.clients = append(s.clients, client)
	return func() error {
		answer, err := ask(name)
		if err == nil && !bytes.Contains(answer, []byte("pid")) {
			err = fmt.Errorf("%s was answered with %.200q", name, answer)
		}
		return err
	}, nil
}

func (s *controlSession) Bytes([]byte) (Call, error) { return nil, errNotCarried }

func (s *controlSession) Record() (Call, error) { return nil, errNotCarried }

func (s *controlSession) PIDs() []int { return []int{s.pid()} }

func (s *controlSession) Close() error {
	var errs []error
	for _, c := range s.clients {
		errs = append(errs, c.Close())
	}
	s.stop()
	return errors.Join(errs...)
}

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Peer is one way to call a function in another process.
type Peer interface {
	Name() string
	// Procs is the GOMAXPROCS of the peer's worker process.
	Procs() int
	// Open starts a worker process and connects to it.
	Open() (Session, error)
	// Serve answers calls in the worker process until the process is killed; it
	// returns if it cannot.
	Serve() error
}

// Session is one running worker process with its connection. Bytes and Record
// prepare one caller each; callers of one session are used at the same time.
type Session interface {
	// Bytes prepares a caller that sends p each time. p is not changed while the
	// session is open.
	Bytes(p []byte) (Call, error)
	// Record prepares a caller that sends newRecord() each time, or returns
	// errNotCarried.
	Record() (Call, error)
	// PIDs are the worker processes, for CPU and memory figures.
	PIDs() []int
	// Close ends the worker process and waits for its end. A call that is running
	// fails.
	Close() error
}

// lifePeer is a peer for the rows about the life of a worker only; the others
// leave it out.
type lifePeer interface {
	// Prepare does the work, once, that is not part of starting a worker.
	Prepare() error
}

// Call makes one call, waits for the answer and checks it.
type Call func() error

// errNotCarried says that this peer does not take part in a row.
var errNotCarried = errors.New("not for it")

// baseline is the peer that all others are compared with.
const baseline = "go-plugin"

// everyone lists the peers of all rows.
func everyone(procs int) []Peer {
	return slices.Concat(allPeers(procs), controlPeers(procs), abusePeers(procs), versionPeers(""))
}

// allPeers lists the peers of the rows about calls in the order of the tables.
// procs is the GOMAXPROCS of their workers.
func allPeers(procs int) []Peer {
	return append([]Peer{
		rawPeer{procs},
		netrpcPeer{procs},
		grpcPeer{procs},
		gopluginPeer{procs},
	}, legionPeers()...)
}

// choosePeers picks peers by a comma-separated list of names; the empty list is
// all of them.
func choosePeers(all []Peer, names string) ([]Peer, error) {
	if names == "" {
		return all, nil
	}
	var chosen []Peer
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(p Peer) bool { return p.Name() == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("choosing peers: there is no peer %q; there are %s", name, strings.Join(peerNames(all), ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func peerNames(peers []Peer) []string {
	var names []string
	for _, p := range peers {
		names = append(names, p.Name())
	}
	return names
}

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

// toucher is a session for the rows in which every byte is written and read.
type toucher interface {
	// Touched prepares a caller that writes all bytes of its argument before each
	// call, the time of which includes that. The worker reads all of them, and the
	// caller all of the answer.
	Touched(size int) (Call, error)
}

// Call makes one call, waits for the answer and checks it.
type Call func() error

// errNotCarried says that this peer does not take part in a row.
var errNotCarried = errors.New("not for it")

// baseline is the peer that most others are compared with.
const baseline = "go-plugin"

// shmipcName names a peer that not every system has.
const shmipcName = "shmipc-go"

// everyone lists the peers of all rows.
func everyone(procs int) []Peer {
	return slices.Concat(allPeers(procs), touchedPeers(procs), taskPeers(procs), controlPeers(procs), abusePeers(procs), neighbourPeers(procs), versionPeers(""))
}

// allPeers lists the peers of the rows about calls in the order of the tables.
// procs is the GOMAXPROCS of their workers.
func allPeers(procs int) []Peer {
	return slices.Concat([]Peer{rawPeer{procs}}, shmipcPeers(procs), []Peer{
		netrpcPeer{procs},
		grpcPeer{procs},
		gopluginPeer{procs},
	}, legionPeers())
}

// choosePeers picks peers by a comma-separated list of names; the empty list is
// all of them.
func choosePeers(all []Peer, names string) ([]Peer, error) {
	if names == "" {
		return all, nil
	}
	var chosen []Peer
	for name := range strings.SplitSeq(names, ",") {
		i := indexOf(all, strings.TrimSpace(name))
		if i < 0 {
			return nil, fmt.Errorf("choosing peers: there is no peer %q; there are %s", name, strings.Join(peerNames(all), ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// pick takes the peers with these names, in the order of the names, without
// those that this system does not have.
func pick(all []Peer, names ...string) []Peer {
	var picked []Peer
	for _, name := range names {
		if i := indexOf(all, name); i >= 0 {
			picked = append(picked, all[i])
		}
	}
	return picked
}

// indexOf is -1 if there is no such peer.
func indexOf(all []Peer, name string) int {
	return slices.IndexFunc(all, func(p Peer) bool { return p.Name() == name })
}

func peerNames(peers []Peer) []string {
	var names []string
	for _, p := range peers {
		names = append(names, p.Name())
	}
	return names
}

package event

import "github.com/legion-go/legion/internal/rpc"

// ClientConnected is emitted when a client that may use the control socket has
// connected to it.
type ClientConnected struct {
	Client  uint64   // its number since the start
	Name    string   // the client's identity: "uid 1000 pid 4711", "cert ops"
	Address string   // of the listener
	Role    rpc.Role // a legion.Role
}

// ClientClosed is emitted when the connection of a client that was announced by
// ClientConnected is closed.
type ClientClosed struct {
	Client uint64
	Name   string
}

package link

import (
	"github.com/legion-go/legion/internal/enum"
	"github.com/legion-go/legion/internal/shm"
	"github.com/legion-go/legion/internal/wire"
)

// Transport is the way that frames travel.
type Transport int

const (
	// DefaultTransport stands for the transport that Default returns. New and Open
	// need one of the others.
	DefaultTransport Transport = iota
	// SharedMemory is a segment of memory with a ring for each direction. Linux
	// only.
	SharedMemory
	// Socket is a pair of connected stream sockets, on every POSIX system.
	Socket
)

var transports = enum.Names{"default", "shared-memory", "socket"}

// String returns "default", "shared-memory" or "socket".
func (t Transport) String() string { return transports.Text(int(t)) }

// MarshalText writes what String returns.
func (t Transport) MarshalText() ([]byte, error) { return transports.Marshal(int(t)) }

// UnmarshalText reads what String returns, or the number.
func (t *Transport) UnmarshalText(text []byte) error { return enum.Set(t, transports, text) }

// Default returns the best transport that this process may use.
func Default() Transport {
	if NoSharedMemory() == nil {
		return SharedMemory
	}
	return Socket
}

// Ahead returns how many calls may usefully be sent to a worker ahead of the
// running ones. Over shared memory it is half of wire.Slots; the other half is
// for running calls. Over a socket it is 0, because a call sent there cannot be
// revoked.
func Ahead(t Transport) int {
	if t == SharedMemory {
		return wire.Slots / 2
	}
	return 0
}

// NoSharedMemory returns why this process cannot use SharedMemory, or nil if it
// can.
func NoSharedMemory() error { return shm.Available() }

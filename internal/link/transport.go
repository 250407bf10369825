package link

import (
	"github.com/legion-go/legion/internal/enum"
	"github.com/legion-go/legion/internal/shm"
	"github.com/legion-go/legion/internal/wire"
)

// Transport is the way frames travel.
type Transport int

const (
	// DefaultTransport is what Default returns. New and Open want one of the others.
	DefaultTransport Transport = iota
	// SharedMemory is a segment of memory with a ring for each direction. Linux only.
	SharedMemory
	// Socket is a pair of connected stream sockets, on every POSIX system.
	Socket
)

var transports = enum.Names{"default", "shared-memory", "socket"}

// String returns "default", "shared-memory" or "socket".
func (t Transport) String() string { return transports.Text(int(t)) }

// MarshalText writes what String returns.
func (t Transport) MarshalText() ([]byte, error) { return transports.Marshal(int(t)) }

// UnmarshalText reads it, or the number.
func (t *Transport) UnmarshalText(text []byte) error { return enum.Set(t, transports, text) }

// Default is the best transport that this process may use.
func Default() Transport {
	if NoSharedMemory() == nil {
		return SharedMemory
	}
	return Socket
}

// Ahead is how many calls may usefully be sent to a worker ahead of those that run.
// Over shared memory it is half of wire.Slots: the others run. Over a socket it is
// 0, because what is sent there cannot be revoked.
func Ahead(t Transport) int {
	if t == SharedMemory {
		return wire.Slots / 2
	}
	return 0
}

// NoSharedMemory is why there is no SharedMemory for this process, nil if there is.
func NoSharedMemory() error { return shm.Available() }

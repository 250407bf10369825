package journal

import (
	"context"
	"errors"
	"fmt"

	"github.com/legion-go/legion/internal/outbox"
)

// DefaultPath is where journald's socket is.
const DefaultPath = "/run/systemd/journal/socket"

// ErrUnsupported is returned by Open on systems without journald: all but
// Linux.
var ErrUnsupported = errors.New("there is no journald on this system")

// errRefused marks an entry that cannot be sent, now or later.
var errRefused = errors.New("journald does not take an entry")

// Sink sends entries to journald. It is an outbox.Sink that takes one entry at
// a time: outbox.Options.Batch must be 1. Made by Open.
type Sink struct {
	path   string
	socket *socket // nil while there is no connection
}

// Open connects to journald's socket at path. It fails if nothing listens
// there.
func Open(path string) (*Sink, error) {
	socket, err := dial(path)
	if err != nil {
		return nil, err
	}
	return &Sink{path, socket}, nil
}

// Put sends one entry, made with AppendField. It waits while journald's socket
// is full, until ctx ends; an entry not sent by then is never sent. If the
// other end is closed, it reconnects, once. For an entry that journald will
// never take, the error is an *outbox.Refused.
func (s *Sink) Put(ctx context.Context, entry []byte) (n int, err error) {
	if len(entry) == 0 {
		return 0, nil
	}
	for anew := false; ; anew = true {
		if s.socket == nil {
			if s.socket, err = dial(s.path); err != nil {
				return 0, err
			}
		}
		stop := context.AfterFunc(ctx, s.socket.interrupt)
		err := s.socket.send(entry)
		stop()
		switch {
		case err == nil:
			return len(entry), nil
		case lost(err):
			_ = s.Close()
			if !anew {
				continue
			}
		case !passes(err):
			return 0, &outbox.Refused{Err: fmt.Errorf("send %d bytes to journal %s: %w: %w", len(entry), s.path, errRefused, err)}
		}
		return 0, fmt.Errorf("send to journal %s: %w", s.path, err)
	}
}

// Close closes the socket.
func (s *Sink) Close() error {
	if s.socket != nil {
		s.socket.close()
		s.socket = nil
	}
	return nil
}

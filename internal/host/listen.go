package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// Listen listens at an address of a network such as tcp. Its error says what to
// do if the address is taken, or not for this user.
func Listen(ctx context.Context, network, address string) (net.Listener, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, network, address) // its error names operation and address
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%w: another process listens there, ss -ltnp lists them: stop it, or choose another address", err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%w: a port below 1024 needs root, or the capability CAP_NET_BIND_SERVICE", err)
	}
	return l, err
}

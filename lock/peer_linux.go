package lock

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

const haveAbstract = true

// inUse reports whether err says that a name is taken.
func inUse(err error) bool { return errors.Is(err, unix.EADDRINUSE) }

// peer returns the process that called listen for the socket that c is
// connected to. pid is 0 if that process is in another pid namespace.
func peer(c *net.UnixConn) (pid, uid int, err error) {
	err = control(c, func(fd int) error {
		credentials, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
		if err == nil {
			pid, uid = int(credentials.Pid), int(credentials.Uid)
		}
		return err
	})
	return pid, uid, err
}

// listenAgain makes this process the one that [peer] returns.
func listenAgain(listener *net.UnixListener) error {
	return control(listener, func(fd int) error { return unix.Listen(fd, unix.SOMAXCONN) })
}

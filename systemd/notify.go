package systemd

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode"

	"golang.org/x/sys/unix"
)

// sendTimeout is how long one message may take: systemd reads them all.
const sendTimeout = 5 * time.Second

// send sends one datagram, with descriptors. The socket is opened for each:
// messages are rare, and nothing is left open, and no message goes to a socket
// that systemd has replaced since.
func send(socket, message string, files ...*os.File) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("telling systemd: %w", err)
	}
	defer conn.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(sendTimeout))
	err = withDescriptors(files, nil, func(fds []int) error {
		var rights []byte
		if len(fds) > 0 {
			rights = unix.UnixRights(fds...)
		}
		return sendmsg(conn, []byte(message), rights)
	})
	if err != nil {
		return fmt.Errorf("telling systemd: %w", err)
	}
	return nil
}

// sendmsg sends one datagram: package net has no way to send rights over a
// connected socket of datagrams.
func sendmsg(conn *net.UnixConn, message, rights []byte) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	if werr := raw.Write(func(fd uintptr) bool {
		for {
			if err = unix.Sendmsg(int(fd), message, rights, nil, unix.MSG_DONTWAIT); err != unix.EINTR {
				return err != unix.EAGAIN // otherwise again when there is room
			}
		}
	}); werr != nil {
		return werr
	}
	return os.NewSyscallError("sendmsg", err)
}

// withDescriptors calls fn with the descriptors of files. They stay open
// meanwhile, and keep their blocking mode.
func withDescriptors(files []*os.File, fds []int, fn func(fds []int) error) error {
	if len(files) == 0 {
		return fn(fds)
	}
	var raw syscall.RawConn
	raw, err := files[0].SyscallConn()
	if err != nil {
		return err
	}
	if cerr := raw.Control(func(fd uintptr) { err = withDescriptors(files[1:], append(fds, int(fd)), fn) }); cerr != nil {
		return cerr
	}
	return err
}

// maxStatus bounds a status line, in bytes.
const maxStatus = 512

// statusLine returns the assignment of a status as one line.
func statusLine(text string) string {
	text = strings.ToValidUTF8(text, "?")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxStatus {
		text = strings.ToValidUTF8(text[:maxStatus], "") + "…"
	}
	return "STATUS=" + text
}

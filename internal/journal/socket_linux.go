package journal

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/shm"
)

// sendBuffer is the send buffer that we ask the kernel for; it grants less
// (net.core.wmem_max). A larger entry goes through a memory file.
const sendBuffer = 8 << 20

const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL

// socket is a connection to journald.
type socket struct {
	file *os.File // known to the runtime's poller
	raw  syscall.RawConn
}

// dial connects to the socket at path.
func dial(path string) (*socket, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("connect to journal %s: %w", path, err)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer)
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("connect to journal %s: %w", path, err)
	}
	s := &socket{file: os.NewFile(uintptr(fd), path)}
	if s.raw, err = s.file.SyscallConn(); err != nil {
		s.close()
		return nil, fmt.Errorf("connect to journal %s: %w", path, err)
	}
	return s, nil
}

// send sends one entry. It waits while the socket is full, until interrupt.
func (s *socket) send(entry []byte) error {
	err := s.message(entry, nil)
	if !errors.Is(err, unix.EMSGSIZE) && !errors.Is(err, unix.ENOBUFS) {
		return err
	}
	f, err := memoryFile(entry)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.message(nil, unix.UnixRights(int(f.Fd())))
}

func (s *socket) message(data, rights []byte) error {
	var err error
	waited := s.raw.Write(func(fd uintptr) bool {
		for {
			_, err = unix.SendmsgN(int(fd), data, rights, nil, unix.MSG_NOSIGNAL)
			if !errors.Is(err, unix.EINTR) {
				return !errors.Is(err, unix.EAGAIN)
			}
		}
	})
	if waited != nil {
		return waited
	}
	return err
}

// interrupt ends a waiting send, and all later ones. Any goroutine may call it.
func (s *socket) interrupt() { _ = s.file.SetWriteDeadline(time.Unix(1, 0)) }

func (s *socket) close() { _ = s.file.Close() }

// memoryFile makes a file with an entry that no process can change any more:
// journald insists on that.
func memoryFile(entry []byte) (*os.File, error) {
	f, err := shm.MemoryFile("journal-entry")
	if err != nil {
		return nil, err
	}
	_, err = f.Write(entry)
	if err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("fill a memory file: %w", err)
	}
	return f, nil
}

// lost says whether the other end is gone.
func lost(err error) bool {
	return errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOTCONN) || errors.Is(err, unix.ECONNRESET) ||
		errors.Is(err, unix.EPIPE) || errors.Is(err, unix.EDESTADDRREQ)
}

// passes says whether an error is not the entry's fault, so that the entry can
// be sent later.
func passes(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) ||
		errors.Is(err, unix.ENOMEM) || errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.ETOOMANYREFS)
}

package lock

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/status"
)

// Abstract binds the abstract Unix socket of that name, without the leading @;
// "" is legion/NAME/UID. There is no file, so nothing can be left behind or
// removed. Linux only: elsewhere the start fails.
//
// The name is valid in one network namespace: containers do not see each
// other's. Any user may take any name; the error of the start says if another
// user did. A process that connects gets no data, and the connection is closed.
func Abstract(name string) legion.Plugin { return &abstractLock{given: name} }

// maxAbstract is the longest abstract name, in bytes: sun_path less its leading
// zero byte.
const maxAbstract = 107

const (
	keptSocket      = "lock.abstract"
	keptSocketBaton = "lock.abstract.baton"
)

type abstractLock struct {
	given  string
	daemon host
	failed func(error)

	mu       sync.Mutex
	listener *net.UnixListener // nil while the lock is not held
	kept     *os.File          // the same socket, for an upgrade
	baton    *baton
	accepted chan struct{} // closed when the lock accepts no more
}

func (l *abstractLock) Name() string { return "lock-abstract" }

// Lock says which process holds the lock.
func (l *abstractLock) Lock() status.Lock {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		return mine(l.Name(), l.listener.Addr().String())
	}
	i := status.Lock{Name: l.Name()}
	if l.daemon == nil || !haveAbstract {
		return i
	}
	i.Path = "@" + l.wanted()
	if pid, _, err := ask(i.Path); err == nil {
		i.PID, i.Held = pid, true
	}
	return i
}

// wanted is the name to bind, without the leading @.
func (l *abstractLock) wanted() string {
	if l.given != "" {
		return l.given
	}
	return l.prefix() + strconv.Itoa(os.Geteuid())
}

// ask returns which process holds the lock of a name. If no process listens,
// yet or any more, it returns the error of the connection.
func ask(name string) (pid, uid int, err error) {
	c, err := net.DialTimeout("unix", name, heldPatience)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	if pid, uid, err = peer(c.(*net.UnixConn)); err != nil {
		return 0, 0, fmt.Errorf("asking which process holds the lock %s: %w", name, err)
	}
	return pid, uid, nil
}

// Stats are the lock's entry in the statistics.
func (l *abstractLock) Stats() any { return l.Lock() }

// Attach is called by Use.
func (l *abstractLock) Attach(d *legion.Daemon) error {
	if l.daemon != nil {
		return errors.New("this lock belongs to another daemon: make one for each")
	}
	if len(l.given) > maxAbstract || strings.ContainsAny(l.given, "@\x00") {
		return fmt.Errorf("the name %q: at most %d bytes, without @ and zero bytes", l.given, maxAbstract)
	}
	l.daemon, l.failed = d, reporter(d, "lock-abstract")
	legion.On(d, func(context.Context, event.PIDChanged) error { l.pass(); return nil }, first)
	return nil
}

// Start takes the lock, or takes it over.
func (l *abstractLock) Start(ctx context.Context) error {
	if !haveAbstract {
		return errors.New("there are no abstract sockets on this system: use lock.File")
	}
	listener, err := l.inherit()
	if err != nil {
		return err
	}
	if listener == nil {
		if listener, err = l.bind(ctx, "@"+l.wanted()); err != nil {
			return err
		}
	}
	kept, err := listener.File()
	if err != nil {
		_ = listener.Close()
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b, err := newBaton(l.daemon, keptSocketBaton, l.own, l.failed)
	if err != nil {
		_, _ = listener.Close(), kept.Close()
		return err
	}
	l.listener, l.kept, l.baton = listener, kept, b
	l.daemon.Keep(keptSocket, kept)
	l.accepted = make(chan struct{})
	go func(done chan struct{}) {
		defer close(done)
		hangUp(listener)
	}(l.accepted)
	return nil
}

// prefix is what names by default begin with; the user's number follows.
func (l *abstractLock) prefix() string { return "legion/" + l.daemon.Name() + "/" }

// inherit returns the socket of the process before, nil if there is none or if
// it has another name than wanted. The user in a default name is the one who
// started the first process; the daemon may run as another one since.
func (l *abstractLock) inherit() (*net.UnixListener, error) {
	f := l.daemon.Inherited(keptSocket)
	if f == nil {
		return nil, nil
	}
	defer f.Close()
	inner, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("taking over the lock: %w", err)
	}
	name, abstract := strings.CutPrefix(inner.Addr().String(), "@")
	listener, ok := inner.(*net.UnixListener)
	if !ok || !abstract || name != l.given && !(l.given == "" && strings.HasPrefix(name, l.prefix())) {
		return nil, inner.Close()
	}
	return listener, nil
}

// bind binds the name.
func (l *abstractLock) bind(ctx context.Context, name string) (*net.UnixListener, error) {
	address := &net.UnixAddr{Name: name, Net: "unix"}
	var listener *net.UnixListener
	err := persist(ctx, func() (err error) {
		listener, err = net.ListenUnix("unix", address)
		if err == nil || !inUse(err) {
			return err
		}
		held := &HeldError{Daemon: l.daemon.Name(), Lock: name, UID: -1}
		if pid, uid, err := ask(name); err == nil {
			held.PID = pid
			if uid != os.Geteuid() {
				held.UID = uid
			}
		}
		return held
	})
	if err != nil {
		return nil, err
	}
	return listener, nil
}

// hangUp keeps the queue of connections from filling up: a process that finds
// it full cannot ask which process holds the lock.
func hangUp(listener *net.UnixListener) {
	for {
		c, err := listener.Accept()
		switch {
		case err == nil:
			_ = c.Close()
		case errors.Is(err, net.ErrClosed):
			return
		default: // out of descriptors, for instance
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// own is called when the lock has become this process's: the kernel names the
// process that called listen last.
func (l *abstractLock) own() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener == nil {
		return nil
	}
	if err := listenAgain(l.listener); err != nil {
		return fmt.Errorf("taking over the lock %s: %w", l.listener.Addr(), err)
	}
	return nil
}

// pass passes the lock to the new process of an upgrade.
func (l *abstractLock) pass() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		l.baton.pass()
	}
}

// Stop frees the lock, or leaves it to the other process of an upgrade.
func (l *abstractLock) Stop(context.Context) error {
	l.mu.Lock()
	listener := l.listener
	l.listener = nil
	l.mu.Unlock()
	if listener == nil {
		return nil
	}
	err := errors.Join(listener.Close(), l.kept.Close())
	<-l.accepted
	l.baton.close()
	return err
}

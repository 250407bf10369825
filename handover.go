package legion

import (
	"fmt"
	"net"
	"os"

	"github.com/legion-go/legion/internal/takeover"
)

// Keep has the next process of the daemon, in an upgrade, inherit f under the
// given name; see Inherited. f stays the caller's, and must stay open.
func (d *Daemon) Keep(name string, f *os.File) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil {
		d.kept = map[string]*os.File{}
	}
	d.kept[name] = f
}

// Inherited returns what the previous process of the daemon has kept under the
// given name, or nil: after a plain start, or if it has been taken already. It
// belongs to the caller.
func (d *Daemon) Inherited(name string) *os.File {
	if h := takeover.Inherited(); h != nil && (h.Kind == takeover.Upgrade || h.Kind == takeover.InPlace) {
		return h.File(name)
	}
	return nil
}

// handOver returns what a new process inherits. The files that were made for it
// are closed by the function that it returns.
func (d *Daemon) handOver() (files map[string]*os.File, closeAll func(), err error) {
	files = map[string]*os.File{}
	var made []*os.File
	closeAll = func() {
		for _, f := range made {
			_ = f.Close()
		}
	}
	d.mu.Lock()
	for name, f := range d.kept {
		files[name] = f
	}
	d.mu.Unlock()
	for _, l := range d.listening() {
		f, err := l.file()
		if err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("handing over the listener %s %s: %w", l.network, l.addr, err)
		}
		if f != nil {
			made = append(made, f)
			files[l.key] = f
		}
	}
	return files, closeAll, nil
}

// file returns a descriptor of the listener, or nil if it is closed.
func (l *listener) file() (*os.File, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inner == nil || l.closed {
		return nil, nil
	}
	return l.inner.(interface{ File() (*os.File, error) }).File()
}

// inherit opens the listener with the descriptor of the previous process.
func (l *listener) inherit() (net.Listener, error) {
	f := l.d.Inherited(l.key)
	if f == nil {
		return nil, nil
	}
	defer f.Close()
	return net.FileListener(f)
}

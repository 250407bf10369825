package legion

import (
	"context"
	"fmt"
	"net"
	"slices"

	"github.com/legion-go/legion/internal/plugins"
	"github.com/legion-go/legion/internal/sockets"
	"github.com/legion-go/legion/internal/takeover"
)

// Listen declares a listener that survives upgrades: the new process takes it
// over, and no connection is refused meanwhile. The networks are the stream
// networks of [net.Listen]. Start opens it, and returns an error if that fails;
// Stop closes it. A Unix socket left by a killed daemon is replaced; if a
// process answers on it, Start returns an error. Until Start, Accept waits; in
// worker processes, where main runs too, the listener is never opened.
func (d *Daemon) Listen(network, addr string) net.Listener { return d.listenOn(network, addr) }

func (d *Daemon) listenOn(network, addr string) *sockets.Listener {
	d.mustDeclare("Listen")
	switch network {
	case "tcp", "tcp4", "tcp6", "unix":
	default:
		panic(fmt.Sprintf("legion: Listen(%q, %q): use tcp, tcp4, tcp6 or unix", network, addr))
	}
	before := 0 // listeners of the same address
	for _, l := range d.declared.listeners {
		if l.Network == network && l.Address == addr {
			before++
		}
	}
	l := sockets.New("listener", before, network, addr, nil)
	d.declared.listeners = append(d.declared.listeners, l)
	return l
}

// Serve declares a server of the daemon: a listener like that of Listen, and
// two functions of a server, as in net/http and elsewhere:
//
//	d.Serve("tcp", ":8080", s.Serve, s.Shutdown) // s is an *http.Server
//
// serve is called on a goroutine of its own when the workers are ready. When
// the daemon stops, it closes the listener, and serve must return because of
// that. The stop waits for each client that has connected but has no answer
// yet, as long as bytes come or go, with pauses of at most a second and an
// eighth of StopTimeout. A connection on which no byte came is then ended: its
// server reads io.EOF. Then shutdown is called, which must wait for the
// requests that the server is handling. Calls still work; the context of
// shutdown ends after half of StopTimeout, and at least half of that is left
// when shutdown is called. In worker processes neither function is called.
//
// So an upgrade, in which the new process serves already, disturbs no request
// on a new connection. For requests on keep-alive connections, the server must
// tell its clients to close them. Package httpserve does that for net/http.
func (d *Daemon) Serve(network, addr string, serve func(net.Listener) error, shutdown func(context.Context) error) net.Listener {
	l := d.listenOn(network, addr)
	d.declared.servers = append(d.declared.servers, sockets.NewServer(l, serve, shutdown))
	return l
}

// startServers begins to serve.
func (d *Daemon) startServers() {
	for _, s := range d.declared.servers {
		s.Start(func(err error) {
			if d.life.Closing().Err() == nil {
				d.reportSoon(fmt.Sprintf("the server on %s %s", s.Listener.Network, s.Listener.Address), err)
			}
		})
	}
}

// listening returns all listeners that an upgrade hands over.
func (d *Daemon) listening() []*sockets.Listener {
	return append(slices.Clone(d.declared.listeners), d.control.Listeners()...)
}

// closeListener closes a listener because of a stop.
func (d *Daemon) closeListener(l *sockets.Listener) {
	if d.succession.held != nil {
		l.GiveAway()
	} else {
		_ = l.Close()
	}
}

// ownListeners makes this process the owner of the listeners' files, and
// watches them: at once, or if they were taken over, when the previous process
// has accepted this one.
func (d *Daemon) ownListeners() {
	h := takeover.Inherited()
	if h == nil || h.Kind != takeover.Upgrade && h.Kind != takeover.InPlace {
		d.keepFiles()
		return
	}
	d.owned.Go("the wait for the end of an upgrade", func() {
		select {
		case <-h.Settled():
		case <-d.life.Closing().Done():
			return
		}
		for _, l := range d.listening() {
			l.Own()
		}
		d.control.Renew(d.log.Logger)
		d.keepFiles()
		sockets.Remove(d.succession.left)
	})
}

// keepFiles restores files of sockets and locks that are removed while the
// daemon runs.
func (d *Daemon) keepFiles() {
	d.owned.Go("the watch over sockets and locks", func() { d.keeper.Run(d.life.Closing()) })
}

// files are the files that must stay.
func (d *Daemon) files() *sockets.Files {
	return &sockets.Files{
		Listeners: d.listening, Plugins: plugins.Each[sockets.Restorer](&d.plugins), MakeFolder: d.restoreFolder,
		Note: func(what string, back bool, err error) {
			if d.life.Closing().Err() != nil {
				err = nil
			}
			d.keeper.Note(d.Logger(), what, back, err)
		},
	}
}

// restoreAll restores missing files. It waits for a change that is under way:
// an upgrade hands over sockets and the plugins' files. A socket made meanwhile
// would belong to this process alone, and its file would lead nowhere once this
// process has ended. The new process restores files once it is accepted.
func (d *Daemon) restoreAll(ctx context.Context) (restored, failed bool) {
	end, err := d.succession.changes.Enter(ctx, "")
	if err != nil {
		return false, false
	}
	defer end(nil)
	return d.files().Restore(ctx)
}

// restoreFolder makes the runtime folder again; other folders are the
// operator's.
func (d *Daemon) restoreFolder(folder string) error {
	if path, err := d.RuntimePath(); err != nil || path != folder {
		return fmt.Errorf("its folder is gone: make %s again", folder)
	}
	_, err := d.RuntimeDir()
	return err
}

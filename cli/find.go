package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/plugin"
	"github.com/legion-go/legion/status"
)

// errNoControl is why no client can talk to a daemon.
var errNoControl = errors.New("has no control socket")

// own dials the program's own daemon at all of its addresses: Unix sockets
// first, where the daemon knows which user asks. If Legion chooses the folder,
// the daemon of another user, root for instance, is in another folder than this
// user's: then own also looks for it by its name. The first daemon that answers
// is the one. If none answers, an address that refuses this user, or whose
// answer is not understood, decides the error before one at which no process
// listens.
func (r *remote) own(ctx context.Context) (*client.Client, error) {
	d := r.program.daemon
	places, err := ownPlaces(d)
	if err != nil {
		return nil, err
	}
	absence := &client.NotRunningError{Name: d.Name()}
	var refused, failed error
	for _, place := range places {
		c, err := dialOwn(ctx, d, place)
		if err == nil && c.Name() == d.Name() {
			r.address = place
			return c, nil
		}
		if err == nil {
			err = fmt.Errorf("at %s the daemon %q answers instead of %s: one of them needs another control address", place, c.Name(), d.Name())
			_ = c.Close()
		}
		absent, silent := (*client.NotRunningError)(nil), (*client.NoAnswerError)(nil)
		switch {
		case errors.As(err, &silent):
			r.address = place
			return nil, err
		case errors.As(err, &absent):
			if isAddress(place) { // there it would be started
				absence.Tried = append(absence.Tried, absent.Tried...)
			}
			absence.Stale = append(absence.Stale, absent.Stale...)
			absence.Others = append(absence.Others, absent.Others...)
			absence.Err = absent.Err
			continue
		case isRefusal(err):
			if refused == nil {
				refused = err
			}
		case failed == nil:
			failed = err
		}
		r.address = place
	}
	switch {
	case refused != nil:
		return nil, refused
	case failed != nil:
		return nil, failed
	}
	slices.Sort(absence.Stale) // the name leads to the address, too
	absence.Stale = slices.Compact(absence.Stale)
	r.address, absence.Address = places[0], places[0]
	return nil, absence
}

// dialOwn dials an address or, by the name, the daemon in a folder of its name.
// It leaves out daemons in other folders: they were configured to listen there,
// and this program was not.
func dialOwn(ctx context.Context, d *legion.Daemon, place string) (*client.Client, error) {
	if isAddress(place) {
		o, err := ownOptions(d, place)
		if err != nil {
			return nil, err
		}
		return client.Dial(ctx, place, o)
	}
	address, err := client.Find(place)
	if err != nil {
		return nil, err
	}
	socket := strings.TrimPrefix(address, "unix://")
	if folder := filepath.Base(filepath.Dir(socket)); folder != place && folder != fmt.Sprintf("%s-%d", place, os.Geteuid()) {
		return nil, &client.NotRunningError{Name: place, Others: []string{address}, Err: fs.ErrNotExist}
	}
	return client.Dial(ctx, address, client.Options{})
}

// ownOptions says how to dial the program's own daemon: by TLS if the daemon
// has it, which this package does not link.
func ownOptions(d *legion.Daemon, address string) (client.Options, error) {
	if tls, ok := d.Config().ControlTLS.(interface {
		FromEnvironment(address string) (client.Options, error)
	}); ok {
		return tls.FromEnvironment(address)
	}
	return client.FromEnvironment(address)
}

// ownPlaces returns where the daemon may be, as client.Dial understands it.
func ownPlaces(d *legion.Daemon) (places []string, err error) {
	addresses, err := d.ControlAddresses()
	if err != nil {
		return nil, exit(ExitNotConfigured, "finding the control socket: %w", err)
	}
	if len(addresses) == 0 {
		return nil, exit(ExitNotConfigured, "%s %w: its configuration says control = none", d.Name(), errNoControl)
	}
	var far, lost []string
	for _, a := range addresses {
		switch {
		case strings.HasPrefix(a, "unix://"):
			places = append(places, a)
		case strings.HasSuffix(a, ":0"):
			lost = append(lost, a)
		default:
			far = append(far, a)
		}
	}
	if len(places) > 0 && leftToLegion(d.Config()) {
		places = append(places, d.Name())
	}
	places = append(places, far...)
	if len(places) == 0 {
		return nil, exit(ExitNotConfigured, "%s cannot be found: the system chooses the port of its only control address, %s; give it a port, or add unix: to the control addresses",
			d.Name(), strings.Join(lost, " "))
	}
	return places, nil
}

// leftToLegion reports whether Legion chooses the folder of a control socket.
func leftToLegion(c legion.Config) bool {
	if c.RuntimeDir != "" {
		return false
	}
	for _, text := range strings.Fields(c.Control) {
		if where, _, _ := strings.Cut(text, "?"); where == "unix:" || where == "unix://" {
			return true
		}
	}
	return c.Control == ""
}

// isRefusal reports whether a daemon, or the system, does not let this user in.
func isRefusal(err error) bool {
	refused := (*client.Error)(nil)
	return errors.Is(err, fs.ErrPermission) || errors.As(err, &refused) && refused.Code == client.CodeNotAllowed
}

// lockPatience is how long a daemon may hold its lock without answering at its
// control socket: it has just begun to start, or is about to end.
const lockPatience = time.Second

// unlessLocked dials the program's own daemon. One that does not answer, but
// holds its lock, is not stopped.
func (r *remote) unlessLocked(ctx context.Context) (*client.Client, error) {
	for begun := time.Now(); ; {
		c, err := r.own(ctx)
		if absent := (*client.NotRunningError)(nil); !errors.As(err, &absent) {
			return c, err
		}
		l, lockErr := legion.Find[plugin.LockReporter](r.program.daemon)
		if lockErr != nil {
			return nil, err // it has no lock
		}
		held := l.Lock()
		if !held.Held {
			return nil, err
		}
		if time.Since(begun) > lockPatience {
			return nil, &lockedError{name: r.program.daemon.Name(), address: r.address, lock: held}
		}
		select {
		case <-time.After(lockPatience / 50):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// lockedError says that a daemon runs, but does not answer.
type lockedError struct {
	name, address string
	lock          status.Lock
}

func (e *lockedError) Error() string {
	const text = "%s runs, but does not answer at %s: "
	if e.lock.PID == 0 {
		return fmt.Sprintf(text+"a process that cannot be seen from here, in another container perhaps, holds the lock %s", e.name, e.address, e.lock.Path)
	}
	return fmt.Sprintf(text+"process %d holds the lock %s; its log says more", e.name, e.address, e.lock.PID, e.lock.Path)
}

// named dials the daemon of that name or address.
func (r *remote) named(ctx context.Context) (c *client.Client, err error) {
	tool := r.program.tool
	if r.target == "" {
		return nil, usage("which daemon? Give its name or its address")
	}
	r.address = r.target
	if tool.Find != nil && !isAddress(r.target) {
		if r.address, err = tool.Find(r.target); err != nil {
			return nil, err
		}
	}
	options := tool.Options
	if options == nil {
		options = client.FromEnvironment
	}
	o, err := options(r.address)
	if err != nil {
		return nil, err
	}
	return client.Dial(ctx, r.address, o)
}

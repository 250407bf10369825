package client

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"
)

// Found is a daemon that was found by its socket.
type Found struct {
	Name    string
	Address string // for [Dial]
	UID     int    // of the user who owns the socket
	PID     int
	State   string // as "running"
	Version string // of the daemon's program
	Uptime  time.Duration
	// Err is why the daemon did not answer: a *[PermissionError], an *[Error] or a
	// *[NoAnswerError]. State, Version and Uptime are not known then, PID only if
	// it hangs, and Name is that of its folder.
	Err error
}

const (
	pingPatience = time.Second
	pings        = 16 // at the same time
)

// List returns the daemons that listen in the runtime folders which [Find]
// looks at, whatever their names; if this is root, those of all users too. They
// are sorted by name, then by address. Sockets where no process listens, or
// where the process is not a daemon, are left out, and so are those that this
// user cannot see. Daemons that listen only elsewhere are not found.
//
// Each has a second to answer; List asks them in parallel. A daemon of another
// user may report anything about itself. The error is always nil at present.
func List() ([]Found, error) { return here().list(context.Background()), nil }

func (p places) list(ctx context.Context) []Found {
	spots := slices.DeleteFunc(p.all(), func(s spot) bool {
		info, err := os.Lstat(s.socket())
		return err != nil || info.Mode().Type() != fs.ModeSocket || s.check() != nil
	})
	found := make([]*Found, len(spots))
	room := make(chan struct{}, pings)
	var asked sync.WaitGroup
	for i, s := range spots {
		room <- struct{}{}
		asked.Go(func() {
			found[i] = s.ping(ctx)
			<-room
		})
	}
	asked.Wait()
	list := []Found{}
	for _, f := range found {
		if f != nil {
			list = append(list, *f)
		}
	}
	slices.SortFunc(list, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Address, b.Address))
	})
	return list
}

// ping asks a daemon for its name. It returns nil if there is none.
func (s spot) ping(ctx context.Context) *Found {
	a, err := unixAddress(s.socket())
	if err != nil {
		return nil
	}
	f := &Found{Name: s.name, Address: a.String(), UID: -1}
	if info, err := os.Lstat(a.where); err == nil {
		f.UID, _ = ownerOf(info)
	}
	w, h, err := target{address: a, patience: pingPatience}.open(ctx)
	if err == nil {
		_ = w.conn.Close()
		f.Name, f.PID, f.State, f.Version, f.Uptime = h.Name, h.PID, h.State, h.Version, h.Uptime
		return f
	}
	_, refused := errors.AsType[*Error](err)
	_, denied := errors.AsType[*PermissionError](err)
	silent, hangs := errors.AsType[*NoAnswerError](err)
	switch {
	case refused, denied:
		f.Err = err
	case hangs:
		f.Err, f.PID = silent, silent.PID
	default: // it ended just now, or is something else
		return nil
	}
	return f
}

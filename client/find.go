package client

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// Find returns the address of the running daemon of that name, as
// "unix:///run/thumbs/control.sock": this user's own, or else the system's. It
// looks in the runtime folders that [legion.Config] has by default, with this
// environment or with that of a service: name below $XDG_RUNTIME_DIR,
// /run/user/UID and /run, and name-UID in $TMPDIR and /tmp.
//
// A daemon is found if a process listens; [Dial] checks whether it answers, and
// by which name. If no process listens, Find takes a daemon that reports this
// name from a folder of another name, if it is this user's and the only one.
// NotRunningError.Others has them if there are several, and for root also those
// of other users: any user can give a daemon this name. An address instead of a
// name is returned as Dial understands it, and Find does not look for it.
//
// The error is a *[NotRunningError] or a *[PermissionError].
func Find(name string) (string, error) {
	if !isName(name) {
		a, err := parseAddress(name)
		if err != nil {
			return "", err
		}
		return a.String(), nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	a, err := here().first(ctx, name, func(a address) error {
		t := target{address: a}
		conn, err := t.connect(ctx)
		if err != nil {
			return t.why(ctx, ctx, err)
		}
		return conn.Close()
	})
	if err != nil {
		return "", err
	}
	return a.String(), nil
}

// first returns the first address of a daemon of that name for which try
// returns nil.
func (p places) first(ctx context.Context, name string, try func(address) error) (address, error) {
	failed := &NotRunningError{Name: name}
	var denied *PermissionError
	for _, s := range p.of(name) {
		a, err := unixAddress(s.socket())
		if err != nil {
			return address{}, err
		}
		if err = s.check(); err == nil {
			err = try(a)
		}
		if err == nil {
			return a, nil
		}
		var refused *PermissionError
		var absent *NotRunningError
		var other *otherError
		switch {
		case errors.As(err, &refused):
			if denied == nil {
				denied = refused
				denied.Name = name
			}
		case errors.As(err, &absent):
			failed.Tried = append(failed.Tried, a.where)
			failed.Stale = append(failed.Stale, absent.Stale...)
			failed.Err = absent.Err
		case errors.As(err, &other):
			failed.Tried = append(failed.Tried, fmt.Sprintf("%s (where %q listens)", a.where, other.other))
		case errors.Is(err, errForeignFolder):
			failed.Tried = append(failed.Tried, fmt.Sprintf("%s (%v)", a.where, err))
		case errors.As(err, new(*fs.PathError)): // there is no folder
			failed.Tried = append(failed.Tried, a.where)
		default:
			return address{}, err
		}
	}
	if denied != nil {
		return address{}, denied
	}
	var own []string
	for _, f := range p.list(ctx) {
		if f.Name == name && f.Err == nil {
			failed.Others = append(failed.Others, f.Address)
			if f.UID == p.uid {
				own = append(own, f.Address)
			}
		}
	}
	if len(own) == 1 {
		a, err := parseAddress(own[0])
		if err == nil {
			err = try(a)
		}
		if _, absent := errors.AsType[*NotRunningError](err); !absent { // else it has just ended
			return a, err
		}
	}
	return address{}, failed
}

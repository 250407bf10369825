// Package feed keeps the connection to a daemon and tells what flows over it.
// It connects again by itself, also to the daemon's successor.
package feed

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
)

// Options say what to connect to.
type Options struct {
	Target string // a daemon's name, or the address of its control socket
	// Connect says how to connect, as with a token or by TLS. It is asked at each
	// try, so a file may have a new token. Default: nothing is needed.
	Connect  func(target string) (client.Options, error)
	ReadOnly bool // gives all rights away but those to look
	Every    time.Duration
}

// Connected is told when the daemon answers.
type Connected struct {
	Hello status.Hello
	Role  string // what this user may do
}

// Lost is told when the daemon does not answer, or no more.
type Lost struct {
	Err   error
	Again time.Time // of the next try
}

// Feed is the connection. Its methods may be called from any goroutine.
type Feed struct {
	options Options
	tell    func(any) // of Connected, Lost and *Update

	mu      sync.Mutex
	client  *client.Client
	wanted  map[string]bool
	streams map[string]context.CancelFunc
	broken  chan error // of the present connection
	life    context.Context
}

// New makes a feed, which does nothing until Run.
func New(o Options, tell func(any)) *Feed {
	return &Feed{options: o, tell: tell, wanted: map[string]bool{}, streams: map[string]context.CancelFunc{}}
}

// longest is the longest wait between two tries to connect.
const longest = 8 * time.Second

// Run keeps the connection until ctx ends.
func (f *Feed) Run(ctx context.Context) {
	wait := time.Second
	for ctx.Err() == nil {
		err := f.once(ctx, func() { wait = time.Second })
		if ctx.Err() != nil {
			return
		}
		f.tell(Lost{Err: err, Again: time.Now().Add(wait)})
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		wait = min(2*wait, longest)
	}
}

// once connects, and returns why the connection has ended.
func (f *Feed) once(ctx context.Context, connected func()) error {
	role := "admin" // no more than this user has
	if f.options.ReadOnly {
		role = "read"
	}
	var o client.Options
	if connect := f.options.Connect; connect != nil {
		var err error
		if o, err = connect(f.options.Target); err != nil {
			return err
		}
	}
	o.Role = role
	c, err := client.Dial(ctx, f.options.Target, o)
	if err != nil {
		return err
	}
	defer c.Close()
	var hello status.Hello
	if err := c.Call(ctx, "daemon.hello", nil, &hello); err != nil {
		return err
	}
	connected()
	f.tell(Connected{Hello: hello, Role: c.Role()})

	life, end := context.WithCancel(ctx)
	defer end()
	f.mu.Lock()
	f.client, f.life, f.broken = c, life, make(chan error, 1)
	broken := f.broken
	for topic := range f.wanted {
		f.follow(topic)
	}
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.client = nil
		clear(f.streams)
	}()
	select {
	case err := <-broken:
		return err
	case <-c.Done():
		return client.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Want makes these the topics that flow, and no others.
func (f *Feed) Want(topics ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	wanted := map[string]bool{}
	for _, t := range topics {
		wanted[t] = true
		if f.client != nil && f.streams[t] == nil {
			f.follow(t)
		}
	}
	for t, stop := range f.streams {
		if !wanted[t] {
			stop()
			delete(f.streams, t)
		}
	}
	f.wanted = wanted
}

// follow starts a topic's stream. f.mu is held.
func (f *Feed) follow(topic string) {
	run := topics[topic]
	if run == nil {
		return
	}
	ctx, stop := context.WithCancel(f.life)
	f.streams[topic] = stop
	c, broken := f.client, f.broken
	go func() {
		if err := run(ctx, c, f, topic); ctx.Err() == nil {
			if err == nil {
				err = errors.New("the daemon ended the stream")
			}
			select {
			case broken <- err:
			default: // another stream was first
			}
		}
	}()
}

// ErrAway says that there is no connection now.
var ErrAway = errors.New("the daemon does not answer")

// Call calls a method of the daemon.
func (f *Feed) Call(ctx context.Context, method string, params, result any) error {
	f.mu.Lock()
	c := f.client
	f.mu.Unlock()
	if c == nil {
		return ErrAway
	}
	err := c.Call(ctx, method, params, result)
	if known, ok := errors.AsType[*client.Error](err); ok {
		return errors.New(known.Message) // a person reads it: the code says nothing to them
	}
	return err
}

package systemd

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
)

// Options are those of [New]. The zero value is usable.
type Options struct {
	// Status makes the line that systemctl status shows while the daemon is ready.
	// It is called with each READY and at each check of its health, on the loop or
	// by another goroutine: it must return at once, and must not wait for the loop.
	// Default: "ready". A daemon that is not healthy shows why instead.
	Status func() string
}

// Service is a daemon as systemd sees it: a plugin.
type Service struct {
	options Options
	given   environment
	err     error // the error in the variables
	daemon  host

	mu        sync.Mutex
	state     state
	env       environment
	successor bool     // an upgrade started this process
	kept      *os.File // for the next process
	stopping  bool     // STOPPING has been sent
	outbox    chan message
	sent      chan struct{}      // closed when the sender has ended
	unwatch   context.CancelFunc // ends the checks of the daemon's health
	watched   chan struct{}      // closed when it has ended
	stats     Stats
	status    string // sent last
}

type state int

const (
	idle   state = iota // not started, or has stopped
	ready               // messages are accepted
	handed              // a new process has taken over, and sends the messages
)

// host is the part of the daemon that is used.
type host interface {
	Name() string
	Keep(name string, f *os.File)
	Inherited(name string) *os.File
	Healthy() error
}

var _ host = (*legion.Daemon)(nil)

// New takes systemd's variables from the environment. If they are wrong, the
// daemon's start returns the error. The plugin belongs to one daemon.
func New(o Options) *Service {
	if o.Status == nil {
		o.Status = func() string { return "ready" }
	}
	s := &Service{options: o}
	s.given, s.err = takeEnvironment()
	return s
}

// Name is "systemd".
func (s *Service) Name() string { return "systemd" }

// Attach is called by Use.
func (s *Service) Attach(d *legion.Daemon) error {
	if s.daemon != nil {
		return errors.New("this plugin belongs to another daemon: make one for each")
	}
	s.daemon = d
	// No other handler keeps these events from systemd.
	first := legion.Priority(math.MaxInt)
	legion.On(d, func(context.Context, event.Started) error { s.started(); return nil }, first)
	legion.On(d, func(context.Context, event.Reload) error { s.reloading(); return nil }, first)
	legion.On(d, func(_ context.Context, e event.Reloaded) error { s.reloaded(e.Err); return nil }, first)
	legion.On(d, func(_ context.Context, e event.PIDChanged) error { s.changed(e.New); return nil }, first)
	legion.On(d, func(_ context.Context, e event.Shutdown) error {
		if !e.Again { // without it the reload is not reported to systemd
			s.shutdown(e.Reason)
		}
		return nil
	}, first)
	return nil
}

// Active reports whether there is a systemd to talk to, once the daemon has
// been started.
func (s *Service) Active() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.env.socket != ""
}

// TellsPID reports whether the plugin tells systemd which process is the daemon
// after an upgrade (MAINPID), so that the process id may change.
func (s *Service) TellsPID() bool { return s.Active() }

// MayRestart is called by the daemon. A restart in place loses systemd's
// variables, and systemd would take it for the end of the service.
func (s *Service) MayRestart() error {
	if !s.Active() {
		return nil
	}
	return fmt.Errorf("systemd has started this daemon, and must be the one to restart it: systemctl restart %s; an upgrade needs no systemd", s.daemon.Name())
}

// Start is called by the daemon.
func (s *Service) Start(context.Context) error {
	if s.err != nil {
		return fmt.Errorf("systemd's variables: %w", s.err)
	}
	env, successor, err := inherit(s.daemon)
	if err != nil {
		return err
	}
	if !successor {
		env = s.given
	}
	var kept *os.File
	if env.socket != "" || len(env.files) > 0 {
		if kept, err = env.keep(s.daemon); err != nil {
			env.close()
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.env, s.successor, s.kept, s.state = env, successor, kept, ready
	if env.socket != "" {
		s.outbox, s.sent = make(chan message, maxQueue), make(chan struct{})
		go s.sender(func(text string) error { return send(env.socket, text) }, s.outbox, s.sent)
	}
	return nil
}

// Stop is called by the daemon. ctx limits it.
func (s *Service) Stop(ctx context.Context) error {
	s.shutdown("")
	s.mu.Lock()
	var left string
	if deadline, ok := ctx.Deadline(); ok && s.state == ready {
		left = extend(time.Until(deadline) + extendMargin)
	}
	s.sayLocked(message{text: left})
	s.state = idle
	outbox, unwatch := s.outbox, s.unwatch
	s.outbox, s.unwatch = nil, nil
	if outbox != nil {
		close(outbox)
	}
	s.mu.Unlock()

	var err error
	if unwatch != nil {
		unwatch()
		select {
		case <-s.watched:
		case <-ctx.Done():
			err = errors.New("Options.Status does not return")
		}
	}
	if outbox != nil {
		select {
		case <-s.sent:
		case <-ctx.Done():
			err = fmt.Errorf("systemd accepts no messages: %w", context.Cause(ctx))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.env.close()
	if s.kept != nil {
		_ = s.kept.Close()
		s.kept = nil
	}
	return err
}

// started says that the daemon is ready. The new process of an upgrade sends
// nothing: systemd accepts messages of the old one until that has named it, and
// the service has been ready all the time.
func (s *Service) started() {
	status := s.options.Status() // without the mutex: it may ask for the statistics
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.successor {
		s.sayLocked(message{text: "READY=1", status: status})
	}
	if s.state == ready && s.unwatch == nil && s.outbox != nil {
		var ctx context.Context
		ctx, s.unwatch = context.WithCancel(context.Background())
		s.watched = make(chan struct{})
		interval, feeds := s.env.watchdog/2, s.env.watchdog > 0
		if !feeds {
			interval = lookEvery
		}
		go s.watch(ctx, interval, feeds, s.watched)
	}
}

// reloading reports a reload. Both assignments must be in one datagram: by the
// time systemd recognises the reload that it has begun itself.
func (s *Service) reloading() {
	s.say(message{text: fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", monotonic()), status: "reloading"})
}

func (s *Service) reloaded(err error) {
	status := s.options.Status()
	if err != nil {
		status = fmt.Sprintf("the reload failed in part: %v", err)
	}
	s.say(message{text: "READY=1", status: status})
}

// changed names the new process of an upgrade. The ping is sent for the new
// process, which has just proved that it works.
func (s *Service) changed(pid int) {
	status := s.options.Status()
	s.mu.Lock()
	defer s.mu.Unlock()
	text := fmt.Sprintf("MAINPID=%d", pid)
	if s.env.watchdog > 0 {
		text += "\nWATCHDOG=1"
	}
	s.sayLocked(message{text: text, status: status})
	if s.state == ready {
		s.state = handed
	}
}

// shutdown says once that the daemon stops.
func (s *Service) shutdown(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping || s.state != ready {
		return
	}
	s.stopping = true
	status := "stopping"
	if reason != "" {
		status += ": " + reason
	}
	s.sayLocked(message{text: "STOPPING=1\n" + extend(extendBy), status: status, stopping: true})
}

// say sends a message.
func (s *Service) say(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sayLocked(m)
}

func (s *Service) sayLocked(m message) {
	if s.outbox == nil || s.state != ready {
		return
	}
	var lines []string
	if m.text != "" {
		lines = append(lines, m.text)
	}
	if m.status != "" && m.status != s.status {
		s.status = m.status
		lines = append(lines, statusLine(m.status))
	}
	if len(lines) == 0 {
		return
	}
	m.text = strings.Join(lines, "\n")
	select {
	case s.outbox <- m:
	default: // systemd has not read for a long time
		s.stats.Failed++
	}
}

// Stats are this plugin's entry in the daemon's statistics.
type Stats struct {
	Active  bool   `json:"active"`     // there is a systemd
	Sent    uint64 `json:"sent"`       // messages
	Failed  uint64 `json:"failed"`     // messages that could not be sent
	LastErr string `json:"last_error"` // why the last of these could not
	Missed  uint64 `json:"missed"`     // checks that found the daemon unhealthy, so that the watchdog was not fed
}

// Stats is called by the daemon.
func (s *Service) Stats() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Active = s.env.socket != ""
	return stats
}

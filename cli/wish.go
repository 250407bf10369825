package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
)

// wish calls a method that stops, restarts or replaces the daemon, and returns
// the daemon that did it. Another change may be under way: a process that is
// stopping, or that another one has replaced, refuses, or its connection ends.
// Then wish asks the process that is the daemon next, so that no request is
// lost. The error is a *client.NotRunningError if there is none.
func (o *stopOptions) wish(ctx context.Context, in *Invocation, method string, result any) (status.Hello, error) {
	for by := time.Now().Add(o.timeout); ; {
		hello, err := o.ask(ctx, in, method, result)
		switch {
		case err == nil:
			return hello, nil
		case time.Now().After(by):
			return hello, err
		case isStopping(err):
			if _, err := in.settled(ctx, by); err != nil && !errors.Is(err, client.ErrClosed) {
				return hello, err
			}
		case !errors.Is(err, client.ErrClosed):
			return hello, err
		}
		in.redial()
	}
}

// ask finds out which process is the daemon, and calls a method of it, which
// may take long: meanwhile it prints what the daemon does. It gives up if the
// daemon stops answering, or if its loop, which every change needs, has hung
// for as long as o says.
func (o *stopOptions) ask(ctx context.Context, in *Invocation, method string, result any) (hello status.Hello, err error) {
	if err := in.Call(ctx, "daemon.hello", nil, &hello); err != nil {
		return hello, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answer := make(chan error, 1)
	go func() { answer <- in.Call(ctx, method, nil, result) }()
	progress := in.progress()
	defer progress.end()
	who := fmt.Sprintf("%s, pid %d", hello.Name, hello.PID)
	for {
		select {
		case err := <-answer:
			return hello, err
		case <-progress.tick:
		}
		status, err := in.glance(ctx)
		_, silent := silence(err)
		switch {
		case silent:
			cancel()
			<-answer
			return hello, err
		case err != nil: // the answer to the call says more
			progress.show(who + ", does not say what it does")
		case status.Loop.Running > o.timeout:
			cancel()
			<-answer
			return hello, exit(ExitFailed, "%s, cannot do it now: its loop has been busy with one function for %s (%s shows it); the daemon will do it when that function returns",
				who, span(status.Loop.Running), in.verbLine("worker stack"))
		default:
			progress.show(who + ", " + doing(&status))
		}
	}
}

// glance asks for the status over a connection of its own: the other one is
// busy.
func (in *Invocation) glance(ctx context.Context) (status status.Daemon, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	probe := remote{program: in.program, target: in.target}
	defer probe.close()
	c, err := probe.connect(ctx)
	if err == nil {
		err = c.Call(ctx, "daemon.status", nil, &status)
	}
	return status, err
}

// doing says what a daemon does that has been asked for a change.
func doing(s *status.Daemon) string {
	switch {
	case s.Loop.Running > time.Second && s.Changing != "":
		return fmt.Sprintf("waits in %s for its loop, which is busy with one function", s.Changing)
	case s.Loop.Running > time.Second:
		return "waits for its loop, which is busy with one function"
	case s.Changing != "":
		return "is busy with " + s.Changing
	}
	return "is " + s.State
}

// settled waits until the daemon runs, and returns it: one that starts or stops
// will soon run or be gone. Its connection may end meanwhile: client.ErrClosed.
func (in *Invocation) settled(ctx context.Context, by time.Time) (hello status.Hello, err error) {
	ctx, cancel := context.WithDeadline(ctx, by)
	defer cancel()
	for {
		err := in.Call(ctx, "daemon.hello", nil, &hello)
		switch {
		case isStopping(err):
			return hello, client.ErrClosed // soon
		case err != nil || hello.State == "running":
			return hello, err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return hello, exit(ExitFailed, "%s, pid %d, is still %s: %s shows what it does", hello.Name, hello.PID, hello.State, in.verbLine("status"))
		}
	}
}

// redial makes the next call go to the process that is the daemon by then.
func (in *Invocation) redial() {
	in.close()
	in.remote = nil
}

// isStopping reports whether a daemon has refused because it stops, or because
// another process has taken over.
func isStopping(err error) bool {
	var data struct {
		Kind string `json:"kind"`
	}
	refused := (*client.Error)(nil)
	if !errors.As(err, &refused) {
		return false
	}
	_ = json.Unmarshal(refused.Data, &data)                                      // data of another form is another error
	return data.Kind == "stopped" || refused.Message == "the daemon is stopping" // by the socket itself
}

// follow waits until a daemon that starts again in its process runs.
func (o *stopOptions) follow(ctx context.Context, in *Invocation, before status.Hello) (status.Hello, error) {
	c, err := in.Client(ctx)
	if err != nil {
		return before, err
	}
	gone, forget := make(<-chan struct{}), func() {}
	if pid := in.remote.process(before.PID); pid > 0 {
		gone, forget = watchProcess(pid)
	}
	defer forget()
	var now status.Hello
	over := make(chan struct{})
	probing, stop := context.WithCancel(ctx)
	defer stop()
	again := false
	go func() {
		defer close(over)
		<-c.Done()
		for pause := time.NewTicker(20 * time.Millisecond); probing.Err() == nil; {
			ended := isClosed(gone) // before the look
			probe := remote{program: in.program, target: in.remote.target}
			c, err := probe.connect(probing)
			if err == nil {
				err = c.Call(probing, "daemon.hello", nil, &now)
			}
			probe.close()
			if again = err == nil && now.State == "running" && now.Started.After(before.Started); again {
				return
			}
			if absent := (*client.NotRunningError)(nil); ended && errors.As(err, &absent) {
				return
			}
			select {
			case <-pause.C:
			case <-probing.Done():
			}
		}
	}()
	inTime := o.await(in, fmt.Sprintf("%s, pid %d, restarts", before.Name, before.PID), over)
	stop()
	<-over
	switch {
	case !inTime:
		return now, exit(ExitFailed, "%s, pid %d, has not started again within %v: %s shows what it does", before.Name, before.PID, o.timeout, in.verbLine("status"))
	case !again:
		return now, exit(ExitFailed, "%s, pid %d, has ended instead of starting again: it was stopped, or its log says why%s", before.Name, before.PID, in.logFile())
	}
	return now, nil
}

// await waits for end, and prints meanwhile what happens. It reports whether
// end came in time.
func (o *stopOptions) await(in *Invocation, what string, end <-chan struct{}) bool {
	progress := in.progress()
	defer progress.end()
	limit := time.NewTimer(o.timeout)
	defer limit.Stop()
	for {
		select {
		case <-end:
			return true
		case <-progress.tick:
			progress.show(what)
		case <-limit.C:
			return false
		}
	}
}

// logFile returns the name of the log file in parentheses, if it is known.
func (in *Invocation) logFile() string {
	if d := in.program.daemon; d != nil && d.Config().LogFile != "" {
		return " (" + d.Config().LogFile + ")"
	}
	return ""
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

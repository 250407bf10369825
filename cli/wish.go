package cli

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
)

// wish calls a method that changes what the daemon is, and returns which daemon has
// obeyed. Another change may be under way: a process that has been replaced, or
// stops, refuses, or its connection ends. Then whoever is the daemon next is asked,
// so that no wish is lost. The error is a *client.NotRunningError if there is none.
func (o *stopOptions) wish(ctx context.Context, in *Invocation, method string, result any) (legion.Hello, error) {
	for by := time.Now().Add(o.timeout); ; {
		hello, err := in.ask(ctx, method, result)
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

// ask finds out who the daemon is, and calls a method of it.
func (in *Invocation) ask(ctx context.Context, method string, result any) (hello legion.Hello, err error) {
	if err := in.Call(ctx, "daemon.hello", nil, &hello); err != nil {
		return hello, err
	}
	return hello, in.Call(ctx, method, nil, result)
}

// settled waits until the daemon runs, and returns it: one that starts or stops
// does something else soon. Its connection may end meanwhile: client.ErrClosed.
func (in *Invocation) settled(ctx context.Context, by time.Time) (hello legion.Hello, err error) {
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
			return hello, exit(ExitFailed, "%s, pid %d, is still %s: %s status shows what it does", hello.Name, hello.PID, hello.State, in.program.name)
		}
	}
}

// redial has the next call go to whoever is the daemon by then.
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
	_ = json.Unmarshal(refused.Data, &data)                                      // what is no such object is another error
	return data.Kind == "stopped" || refused.Message == "the daemon is stopping" // by the socket itself
}

// follow waits until a daemon that starts anew in its process runs again.
func (o *stopOptions) follow(ctx context.Context, in *Invocation, before legion.Hello) (legion.Hello, error) {
	c, err := in.Client(ctx)
	if err != nil {
		return before, err
	}
	gone, forget := make(<-chan struct{}), func() {}
	if in.remote.local() {
		gone, forget = watchProcess(before.PID)
	}
	defer forget()
	var now legion.Hello
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
	inTime := o.await(in, before.Name+" restarts", over)
	stop()
	<-over
	switch {
	case !inTime:
		return now, exit(ExitFailed, "%s, pid %d, has not started again within %v: %s status shows what it does", before.Name, before.PID, o.timeout, in.program.name)
	case !again:
		return now, exit(ExitFailed, "%s, pid %d, has ended instead of starting again: it was stopped, or its log says why%s", before.Name, before.PID, in.logFile())
	}
	return now, nil
}

// logFile names the log file, in parentheses, where it is known.
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

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
)

func statusVerb() *verb {
	var o watchOptions
	return &verb{
		group: lookGroup, needs: aServer,
		Command: Command{
			Name: "status", Short: "say whether the daemon runs, and whether it is healthy",
			Long: "Exit code: 0 it runs and is healthy, 1 it is dead but its socket is still there,\n" +
				"3 it is stopped, 4 that cannot be found out, 150 it runs and is not healthy: it starts\n" +
				"or stops, a pool has failed, or a function holds the loop.",
			Flags: o.register,
			Run: func(ctx context.Context, in *Invocation) error {
				c, err := in.Client(ctx)
				if err != nil {
					return in.absence(err)
				}
				if o.watch {
					return o.follow(ctx, in, c)
				}
				return in.status(ctx)
			},
		},
	}
}

// status shows the daemon's status once. Its error has the exit code of one
// that is not healthy.
func (in *Invocation) status(ctx context.Context) error {
	status, raw := status.Daemon{}, json.RawMessage(nil)
	var result any = &status
	if in.JSON {
		result = &raw
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := in.Call(ctx, "daemon.status", nil, result); err != nil {
		return &ExitError{StatusUnknown, err}
	}
	why := status.Unhealthy
	if in.JSON {
		in.out().printf("%s\n", indented(raw))
		var said struct {
			Unhealthy string `json:"unhealthy"`
		}
		_ = json.Unmarshal(raw, &said) // an answer of another form does not say it
		why = said.Unhealthy
	} else {
		in.out().status(&status)
		if deaths := in.deaths(ctx, ""); deaths != "" {
			in.say("\n%s", strings.Join(wrap("deaths: "+deaths, in.out().width), "\n"))
		}
	}
	if why != "" {
		return &ExitError{Code: StatusUnhealthy}
	}
	return nil
}

type watchOptions struct {
	watch bool
	every time.Duration
}

func (o *watchOptions) register(fs *flag.FlagSet) {
	fs.BoolVar(&o.watch, "watch", false, "show it again and again")
	fs.DurationVar(&o.every, "every", time.Second, "how often, with --watch")
}

// follow shows the status again and again.
func (o *watchOptions) follow(ctx context.Context, in *Invocation, c *client.Client) error {
	every := map[string]float64{"every": o.every.Seconds()}
	if in.JSON {
		for item, err := range client.Stream[json.RawMessage](ctx, c, "stats.follow", every) {
			if err != nil {
				return in.absence(err)
			}
			in.out().printf("%s\n", compacted(item))
		}
		return nil
	}
	for status, err := range client.Stream[status.Daemon](ctx, c, "stats.follow", every) {
		if err != nil {
			return in.absence(err)
		}
		if out := in.out(); out.terminal {
			out.measure()
			out.clear()
		}
		in.out().status(&status)
	}
	return &ExitError{Code: StatusStopped}
}

// absence prints that the daemon does not answer, and returns the exit code for
// it.
func (in *Invocation) absence(err error) error {
	absent := (*client.NotRunningError)(nil)
	code, state := StatusUnknown, "unknown"
	switch {
	case errors.As(err, &absent) && len(absent.Others) > 0 && in.program.daemon == nil: // it may be one of those
	case errors.As(err, &absent) && len(absent.Stale) > 0:
		code, state = StatusDead, "dead"
	case errors.As(err, &absent), errors.Is(err, client.ErrClosed):
		code, state = StatusStopped, "stopped"
	}
	pid, _ := silence(err)
	if in.JSON {
		answer := struct {
			Name  string `json:"name"`
			State string `json:"state"`
			PID   int    `json:"pid,omitempty"`
			Why   string `json:"why"`
		}{in.remote.name(), state, pid, err.Error()}
		if err := in.print(answer); err != nil {
			return err
		}
		return &ExitError{Code: code}
	}
	out, name := in.out(), clean(in.remote.name())
	name = out.paint(bold, name)
	switch {
	case state == "dead":
		out.printf("%s is %s: its socket %s is still there, but no process answers; the next start removes it\n",
			name, out.paint(red, "dead"), clean(strings.Join(absent.Stale, " or ")))
	case state == "stopped" && absent != nil && in.program.daemon == nil && !in.knows(absent):
		// No daemon of that name is known: it may have an address of its own.
		out.printf("%s is %s, or listens elsewhere than at %s\n", name, out.paint(red, "stopped"), clean(strings.Join(absent.Tried, " or ")))
	case state == "stopped":
		out.printf("%s is %s\n", name, out.paint(red, "stopped"))
	default:
		return &ExitError{code, err}
	}
	if absent != nil && len(absent.Others) > 0 {
		out.printf("other daemons of that name run at %s\n", clean(strings.Join(absent.Others, " and at ")))
	}
	return &ExitError{Code: code}
}

// status writes a summary of a daemon and its pools.
func (p *printer) status(s *status.Daemon) {
	doing := ""
	if s.Changing != "" {
		doing = fmt.Sprintf("; %s has been under way for %s", oneLine(s.Changing), span(s.ChangingFor))
	}
	p.printf("%s is %s%s\n", p.paint(bold, oneLine(s.Name)), p.paint(styleOf(s.State), oneLine(s.State)), doing)
	if s.Unhealthy != "" && s.State == "running" { // else the state says it all
		for _, line := range wrap("not healthy: "+oneLine(s.Unhealthy), p.width) {
			p.printf("%s\n", p.paint(red, line))
		}
	}
	loop := plural(s.Loop.Pending, "function") + " waiting"
	if s.Loop.Running > 0 {
		loop = "busy for " + span(s.Loop.Running) + ", " + loop
	}
	if all := s.Loop.Busy + s.Loop.Idle; all > 0 {
		loop += fmt.Sprintf(", %.1f %% busy", 100*float64(s.Loop.Busy)/float64(all))
	}
	for _, n := range []struct {
		n    uint64
		what string
	}{{s.Loop.Missed, "missed"}, {s.Loop.LeftOut, "left out"}, {s.Loop.Overruns, "late"}, {s.Loop.Panics, "panics"}} {
		if n.n > 0 {
			loop += fmt.Sprintf(", %d %s", n.n, n.what)
		}
	}
	log := fmt.Sprintf("%d written", s.Log.Written)
	if s.Log.Dropped > 0 {
		log += fmt.Sprintf(", %d dropped", s.Log.Dropped)
	}
	if s.Log.Failure != "" {
		log += ", fails: " + s.Log.Failure
	}
	p.pairs(
		"pid", fmt.Sprintf("%d as %s on %s", s.PID, s.User, s.Host),
		"up", span(s.Uptime),
		"version", s.Version,
		"uses", fmt.Sprintf("%s of CPU time, %s; the machine's load %.2f %.2f %.2f", span(s.CPU), size(s.Memory), s.Load[0], s.Load[1], s.Load[2]),
		"loop", loop,
		"log", log,
		"restart", restartLine(s.RestartNeeded),
		"control", strings.Join(s.Control, " "),
		"workers", count(s.Workers),
		"shared", sharedLine(s.Shared),
	)
	if len(s.Pools) == 0 {
		return
	}
	t := &table{columns: []column{
		{title: "POOL", flexible: true}, {title: "KIND", spare: 4}, {title: "STATE"}, {title: "READY", right: true, spare: 1},
		{title: "MAX", right: true, spare: 5}, {title: "QUEUED", right: true, spare: 2}, {title: "RUNNING", right: true, spare: 1},
		{title: "CALLS", right: true}, {title: "ERRORS", right: true, spare: 2}, {title: "RESTARTS", right: true, spare: 3},
	}}
	for _, l := range s.Pools {
		t.add(l.Name, l.Kind, cell{l.State, styleOf(l.State)}, count(l.Ready), count(l.Max), count(l.Queued), count(l.Running),
			count(l.Calls), cell{count(l.Errors), alarming(l.Errors)}, cell{count(l.Restarts), alarming(l.Restarts)})
	}
	p.printf("\n")
	p.table(t)
	for _, l := range s.Pools {
		p.reason(l.Name, l.Reason)
		p.reason(l.Name, quarantine(l.Poisoned))
	}
}

// sharedLine lists the values that the workers share.
func sharedLine(all []status.Shared) string {
	var parts []string
	for _, v := range all {
		what := size(v.Bytes)
		if v.Kept > 0 {
			what += " and " + size(v.Kept) + " of earlier ones"
		}
		parts = append(parts, fmt.Sprintf("%s (%s, loaded %s)", oneLine(v.Name), what, moment(v.Loaded, time.Now())))
	}
	return strings.Join(parts, ", ")
}

// restartLine says which changed settings are not in effect yet.
func restartLine(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	return "needed for " + strings.Join(keys, ", ")
}

// reason says why a pool has failed.
func (p *printer) reason(pool, why string) {
	if why == "" {
		return
	}
	for _, line := range wrap(oneLine(pool+": "+why), p.width) {
		p.printf("%s\n", p.paint(red, line))
	}
}

// quarantine says which functions are in quarantine, "" for none.
func quarantine(functions []string) string {
	if len(functions) == 0 {
		return ""
	}
	return "in quarantine, because their calls kill workers: " + strings.Join(functions, ", ")
}

// alarming is the style of a number that should be 0.
func alarming(n uint64) style {
	if n > 0 {
		return yellow
	}
	return plain
}

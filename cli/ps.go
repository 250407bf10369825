package cli

import (
	"context"
	"flag"
	"slices"
	"strconv"
	"time"

	"github.com/legion-go/legion/status"
)

func psVerb() *verb {
	return &verb{
		group: lookGroup, needs: aServer,
		Command: Command{
			Name: "ps", Short: "list the processes as a tree",
			Run: func(ctx context.Context, in *Invocation) error {
				all, shown, err := get[[]status.Process](ctx, in, "daemon.ps", nil)
				if err == nil && !shown {
					in.out().processes(in.remote.name(), all)
				}
				return err
			},
		},
	}
}

// topVerb is legion-top, or else ps, again and again.
func topVerb() *verb {
	var every time.Duration
	var simple, readOnly bool
	return &verb{
		group: lookGroup, needs: aServer,
		Command: Command{
			Name: "top", Short: "show what the daemon does, live",
			Long: "In a terminal this is the program legion-top, if it is on the PATH:\n\n  " + terminalTop.install() + "\n\n" +
				"Otherwise, and with --simple, it shows the processes again and again.",
			Flags: func(fs *flag.FlagSet) {
				fs.DurationVar(&every, "every", time.Second, "how often")
				fs.BoolVar(&simple, "simple", false, "only the processes")
				fs.BoolVar(&readOnly, "read-only", false, "look only, whatever this user may do; --simple always does")
			},
			Run: func(ctx context.Context, in *Invocation) error {
				if every < minEvery {
					return usage("--every %v: give %v or more", every, minEvery)
				}
				if !simple && !in.JSON && in.out().terminal && terminalTop.path() != "" {
					args := []string{"--every", max(every, 250*time.Millisecond).String()}
					if readOnly {
						args = append(args, "--read-only")
					}
					if command := in.typed(); command != "" {
						args = append(args, "--command", command)
					} else {
						args = append(args, "--name", in.target)
					}
					return terminalTop.become(ctx, in, args...)
				}
				tick := time.NewTicker(every)
				defer tick.Stop()
				for {
					all, shown, err := get[[]status.Process](ctx, in, "daemon.ps", nil)
					if err != nil {
						return in.absence(err)
					}
					if !shown {
						if out := in.out(); out.terminal {
							out.measure()
							out.clear()
						}
						in.out().processes(in.remote.name(), all)
					}
					select {
					case <-tick.C:
					case <-ctx.Done():
						return ctx.Err()
					}
				}
			},
		},
	}
}

// minEvery is the shortest interval between requests: each answer reads figures
// of every process.
const minEvery = 100 * time.Millisecond

// processes writes the tree of a daemon's processes.
func (p *printer) processes(daemon string, all []status.Process) {
	byPID := map[int]int{}
	for i, one := range all {
		byPID[one.PID] = i
	}
	t := &table{none: "there are no processes", columns: []column{
		{title: "PID"}, {title: "POOL", flexible: true}, {title: "KIND", spare: 6}, {title: "STATE"}, {title: "CALL", flexible: true, spare: 1},
		{title: "FOR", right: true, spare: 2}, {title: "AGE", right: true, spare: 4}, {title: "CALLS", right: true, spare: 3},
		{title: "MEMORY", right: true, spare: 2}, {title: "CPU", right: true, spare: 5}, {title: "PROGRESS", flexible: true, spare: 1},
	}}
	for _, b := range tree(len(all), func(i int) int {
		if parent, ok := byPID[all[i].Parent]; ok && parent != i {
			return parent
		}
		return -1
	}) {
		one := all[b.index]
		pool, calls := one.Pool, count(one.Calls)
		if one.Kind == "daemon" {
			pool, calls = daemon, ""
		}
		state := cell{one.State, styleOf(one.State)}
		if one.Sealed {
			state.text += ", sealed"
		}
		t.add(b.lines+strconv.Itoa(one.PID), pool, one.Kind, state, one.Call, lasting(one.For),
			span(one.Age), calls, size(one.Memory), lasting(one.CPU), clean(one.Progress.String()))
	}
	if !slices.ContainsFunc(all, func(p status.Process) bool { return p.Progress != nil }) {
		t.columns = t.columns[:len(t.columns)-1]
	}
	p.table(t)
}

package cli

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/legion-go/legion/status"
)

func deathVerb() *verb {
	var kind string
	return &verb{
		group: partsGroup, needs: aServer,
		Command: Command{Name: "death", Short: "show which workers and tasks died, and of what"},
		verbs: []*verb{
			{needs: aServer, Command: Command{
				Name: "ls", Args: "[POOL]", Short: "list the last deaths, the newest first",
				Flags: func(fs *flag.FlagSet) { fs.StringVar(&kind, "kind", "", "only those of this `kind`, see death kinds") },
				Run: func(ctx context.Context, in *Invocation) error {
					params := map[string]any{}
					if len(in.Args) > 0 {
						params["pool"] = in.Args[0]
					}
					if kind != "" {
						params["kind"] = kind
					}
					return listDeaths(ctx, in, params)
				},
			}},
			{needs: aServer, Command: Command{Name: "kinds", Short: "count deaths that are alike", Run: kindsOfDeath}},
			{needs: aServer, Command: Command{
				Name: "show", Args: "DEATH", Short: "show all that is known of a death",
				Long: "Its stack and what it printed need the role operate.",
				Run: func(ctx context.Context, in *Invocation) error {
					number, err := in.death(0)
					if err != nil {
						return err
					}
					d, shown, err := get[status.Death](ctx, in, "death.get", map[string]any{"number": number})
					if err == nil && !shown {
						in.out().death(&d)
					}
					return err
				},
			}},
			{needs: aServer, Command: Command{
				Name: "replay", Args: "DEATH", Short: "run the call of a death again, in a process of its own",
				Long: "The argument must be kept, see Pool.KeepArgument. Limits, sandbox and timeout are those\nof its pool, whose workers do not see it. Exit code 0 if the call ends well this time.",
				Run:  replayDeath,
			}},
			exportDeathVerb(),
			recordingVerb("trace", "save what a worker did before its death, for go tool trace", "trace.out"),
			recordingVerb("profile", "save what a worker computed before its death, for go tool pprof", "cpu.pb.gz"),
		},
	}
}

// death is operand i: the number of a death.
func (in *Invocation) death(i int) (uint64, error) {
	number, err := strconv.ParseUint(in.Args[i], 10, 64)
	if err != nil || number == 0 {
		return 0, usage("%q is not the number of a death: %s lists them", in.Args[i], in.verbLine("death ls"))
	}
	return number, nil
}

func listDeaths(ctx context.Context, in *Invocation, params map[string]any) error {
	all, shown, err := get[[]status.Death](ctx, in, "death.list", params)
	if err != nil || shown {
		return err
	}
	none := "no worker has died"
	if len(params) > 0 {
		none = "no such death is kept"
	}
	t := &table{none: none, columns: []column{
		{title: "DEATH", right: true}, {title: "TIME", spare: 1}, {title: "POOL", flexible: true}, {title: "CAUSE"},
		{title: "KIND", spare: 2}, {title: "WHERE", flexible: true},
	}}
	for _, d := range all {
		t.add(count(d.Number), moment(d.Time, time.Now()), d.Pool, cell{d.Cause, causeStyle(d.Expected)}, d.Kind, place(d.Frame, d.Why, d.Pool))
	}
	in.out().table(t)
	return nil
}

func kindsOfDeath(ctx context.Context, in *Invocation) error {
	all, shown, err := get[[]status.DeathKind](ctx, in, "death.kinds", nil)
	if err != nil || shown {
		return err
	}
	t := &table{none: "no worker has died", columns: []column{
		{title: "DEATHS", right: true}, {title: "LAST", spare: 1}, {title: "POOL", flexible: true}, {title: "CAUSE"},
		{title: "KIND", spare: 3}, {title: "NEWEST", right: true, spare: 2}, {title: "WHERE", flexible: true},
	}}
	for _, k := range all {
		t.add(count(k.Count), moment(k.Last, time.Now()), k.Pool, k.Cause, k.Kind, some(k.Number), place(k.Frame, k.Why, k.Pool))
	}
	in.out().table(t)
	return nil
}

// place is where a worker died or, where that is not known, of what.
func place(frame, why, pool string) string {
	if frame != "" {
		return frame
	}
	return strings.TrimPrefix(why, pool+" ")
}

// causeStyle is how the cause of a death looks.
func causeStyle(expected bool) style {
	if expected {
		return yellow
	}
	return red
}

// deaths says how many deaths of a pool, or of all, there were, and what shows
// them; "" if there were none, or if the daemon does not tell.
func (in *Invocation) deaths(ctx context.Context, pool string) string {
	var kinds []status.DeathKind
	if in.Call(ctx, "death.kinds", nil, &kinds) != nil {
		return ""
	}
	n, of := uint64(0), 0
	for _, k := range kinds {
		if pool == "" || k.Pool == pool {
			n += k.Count
			of++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %s, see %s", n, plural(of, "kind"), in.verbLine("death kinds"))
}

// death writes a certificate.
func (p *printer) death(d *status.Death) {
	p.printf("%s\n", p.paint(bold, cut(oneLine(fmt.Sprintf("death %d of kind %s", d.Number, d.Kind)), p.width)))
	for _, line := range wrap(oneLine(d.Why), p.width) {
		p.printf("%s\n", line)
	}
	p.printf("\n")
	how := fmt.Sprintf("%s, exit code %d", d.Cause, d.Code)
	if d.Signal != "" {
		how = d.Cause + ", " + d.Signal
	}
	memory := size(d.MaxRSS)
	if d.MemoryLimit > 0 {
		memory += " of " + size(d.MemoryLimit)
	}
	p.pairs("time", d.Time.Local().Format("2006-01-02 15:04:05.000 MST"), "pool", d.Pool,
		"worker", fmt.Sprintf("%d, pid %d", d.Worker, d.PID), "cause", how, "in", d.Frame,
		"age", span(d.Age), "calls", count(d.Calls)+" before",
		"cpu", fmt.Sprintf("%s user, %s system", span(d.User), span(d.System)), "memory", memory,
		"recorded", recorded(d.Blobs))
	if d.Call != nil {
		p.printf("\n%s\n", p.paint(bold, "its call"))
		kept := ""
		switch {
		case d.Argument:
			kept = ", kept: see death replay and death export"
		case d.NoArgument != "":
			kept = ", not kept: " + d.NoArgument
		}
		p.deathCall(d.Call, kept)
	}
	for i := range d.Others {
		p.printf("\n%s\n", p.paint(bold, "ran beside it"))
		p.deathCall(&d.Others[i], "")
	}
	if len(d.Timeline) > 0 {
		p.printf("\n%s\n", p.paint(bold, "timeline"))
		p.timeline(d.Timeline)
	}
	if len(d.Stderr) > 0 {
		p.printf("\n%s\n", p.paint(bold, "its last lines"))
		for _, line := range d.Stderr {
			p.printf("%s%s\n", gap, clean(line))
		}
	}
	if d.Stack != "" {
		p.printf("\n%s\n%s\n", p.paint(bold, "stack"), clean(d.Stack))
	}
}

// recorded says which recordings there are, and which verbs save them; "" if
// there are none.
func recorded(blobs []status.Blob) string {
	var files, verbs []string
	for _, b := range blobs {
		files = append(files, fmt.Sprintf("%s, %s", b.Name, size(uint64(b.Bytes))))
		if verb := map[string]string{"trace.out": "death trace", "cpu.pb.gz": "death profile"}[b.Name]; verb != "" {
			verbs = append(verbs, verb)
		}
	}
	if len(verbs) == 0 {
		return strings.Join(files, "; ")
	}
	return strings.Join(files, "; ") + ": see " + strings.Join(verbs, " and ")
}

// deathCall writes a call that ran in a worker when that died; kept says what
// became of its argument.
func (p *printer) deathCall(c *status.DeathCall, kept string) {
	limit := ""
	if c.Timeout > 0 {
		limit = span(c.Timeout)
	}
	p.pairs("function", fmt.Sprintf("%s, call %d", c.Func, c.Number), "waited", span(c.Wait), "ran", span(c.Run), "limit", limit, "argument", size(uint64(c.Arg))+kept)
}

// timeline writes what happened, with the time from the entry before.
func (p *printer) timeline(list []status.Moment) {
	for i, m := range list {
		since := ""
		if i > 0 {
			since = "+" + span(m.At.Sub(list[i-1].At))
		}
		what := map[string]string{
			"spawned": "its process was started", "ready": "it was ready", "submitted": "the call was made", "started": "the worker got the call",
			"deadline": "the call's time was over: its context ended", "cancel": "the call was canceled", "stop": "the pool's stop canceled the call",
			"grace": "it had not obeyed within KillGrace", "SIGABRT": "SIGABRT: show the stacks and end", "SIGKILL": "SIGKILL", "reaped": "it was gone",
		}[m.What]
		if what == "" {
			what = oneLine(m.What)
		}
		p.printf("%s\n", cut(fmt.Sprintf("%s%s  %s  %s", gap, m.At.Local().Format("15:04:05.000"), fill(since, 9, true), what), p.width))
	}
}

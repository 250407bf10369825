package cli

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
)

// completionPatience is how long the daemon may take: the user waits at a
// prompt.
const completionPatience = time.Second

// candidates proposes words for the last of words, which may be empty. The
// caller leaves out those that do not begin like it.
func (p *program) candidates(ctx context.Context, words []string) []candidate {
	ctx, cancel := context.WithTimeout(ctx, completionPatience)
	defer cancel()
	w := p.walk(words[:len(words)-1])
	if w == nil {
		return nil
	}
	in := &Invocation{program: p, target: w.target()}
	defer in.close()
	current := words[len(words)-1]
	switch {
	case w.awaits != nil:
		return in.valuesOfFlag(ctx, w.awaits.Name, current, "")
	case strings.HasPrefix(current, "-") && !w.ended:
		if name, _, found := strings.Cut(current, "="); found {
			return in.valuesOfFlag(ctx, strings.TrimLeft(name, "-"), current[len(name)+1:], name+"=")
		}
		return flagCandidates(w.flags)
	case w.verb == nil || len(w.verb.verbs) > 0:
		return verbCandidates(w.verbs)
	}
	return in.values(ctx, w.operand(), current)
}

// walked is the state after some words of a command line.
type walked struct {
	program  *program
	verbs    []*verb       // that may come next
	verb     *verb         // nil before the first
	flags    *flag.FlagSet // that may come next
	awaits   *flag.Flag    // its value comes next
	ended    bool          // by "--"
	operands []string
}

// walk reads words; nil if they make no sense.
func (p *program) walk(words []string) *walked {
	w := &walked{program: p, verbs: p.verbs, flags: p.own}
	if w.flags == nil {
		w.flags = newFlagSet()
		p.register(w.flags, firstFlags)
	}
	for _, word := range words {
		switch {
		case w.awaits != nil:
			w.awaits = nil
		case word == "--" && !w.ended:
			w.ended = true
		case strings.HasPrefix(word, "-") && word != "-" && !w.ended:
			name, _, given := strings.Cut(strings.TrimLeft(word, "-"), "=")
			if f := w.flags.Lookup(name); f != nil && !given && !isSwitch(f) {
				w.awaits = f
			}
		case w.verb == nil || len(w.verb.verbs) > 0:
			v, err := find(w.verbs, word, "")
			if err != nil {
				return nil
			}
			w.verb, w.verbs, w.flags = v, v.verbs, p.flagSet(v)
		default:
			w.operands = append(w.operands, word)
		}
	}
	return w
}

// named reports whether the first operand is the name of a daemon.
func (w *walked) named() bool {
	return w.program.daemon == nil && w.verb != nil && w.verb.needs == aServer
}

func (w *walked) target() string {
	if w.named() && len(w.operands) > 0 {
		return w.operands[0]
	}
	return ""
}

// operand returns the name of the operand that comes next.
func (w *walked) operand() string {
	n := len(w.operands)
	if w.named() {
		if n == 0 {
			return "DAEMON"
		}
		n--
	}
	return w.verb.operand(n)
}

func verbCandidates(verbs []*verb) (all []candidate) {
	for _, v := range verbs {
		if !v.hidden {
			all = append(all, candidate{v.Name, v.Short})
		}
	}
	return all
}

func flagCandidates(fs *flag.FlagSet) (all []candidate) {
	fs.VisitAll(func(f *flag.Flag) {
		_, usage := flag.UnquoteUsage(f)
		if usage != "" {
			all = append(all, candidate{dashed(f.Name), usage})
		}
	})
	return all
}

func wordsOf(words ...string) (all []candidate) {
	for _, w := range words {
		all = append(all, candidate{word: w})
	}
	return all
}

// valuesOfFlag proposes values of a flag, each after prefix.
func (in *Invocation) valuesOfFlag(ctx context.Context, name, current, prefix string) (all []candidate) {
	switch name {
	case "level":
		all = in.values(ctx, "LEVEL", current)
	case "pool":
		all = in.values(ctx, "POOL", current)
	case "kind":
		all = in.values(ctx, "KIND", current)
	case "o":
		if in.program.daemon != nil {
			all = in.assignments(ctx, current)
		}
	}
	for i := range all {
		all[i].word = prefix + all[i].word
	}
	return all
}

// assignments proposes name=value.
func (in *Invocation) assignments(ctx context.Context, current string) (all []candidate) {
	name, _, found := strings.Cut(current, "=")
	if !found {
		setter, _ := legion.Find[Setter](in.program.daemon)
		for _, key := range configKeys(setter) {
			all = append(all, candidate{key + "=", "configuration"})
		}
		return all
	}
	switch name {
	case "log_level":
		all = in.values(ctx, "LEVEL", "")
	case "log_format":
		all = wordsOf("text", "json", "journal")
	case "background", "hard_start":
		all = wordsOf("true", "false")
	}
	for i := range all {
		all[i].word = name + "=" + all[i].word
	}
	return all
}

// values proposes operands, by the name that they have in Command.Args. If the
// daemon does not answer, values that only it knows are left out.
func (in *Invocation) values(ctx context.Context, operand, current string) (all []candidate) {
	switch operand {
	case "SHELL":
		return wordsOf("bash", "zsh", "fish")
	case "LEVEL":
		return wordsOf("debug", "info", "warn", "error")
	case "SIGNAL":
		return wordsOf("HUP", "INT", "QUIT", "TERM", "USR1", "USR2")
	case "VERB":
		return verbCandidates(in.program.verbs)
	case "DAEMON":
		for _, name := range in.program.tool.list() {
			all = append(all, candidate{word: name})
		}
	case "POOL":
		each(ctx, in, "pool.list", func(p status.PoolStats) {
			all = append(all, candidate{p.Name, fmt.Sprintf("%s, %s", p.State, plural(p.Ready, p.Kind))})
		})
	case "WORKER":
		return append(in.values(ctx, "POOL", current), in.values(ctx, "PID", current)...)
	case "PID":
		each(ctx, in, "worker.list", func(w status.Worker) {
			if w.PID == 0 {
				return // a pool without workers
			}
			all = append(all, candidate{fmt.Sprint(w.PID), strings.TrimSpace(w.Pool + " " + w.State + " " + w.Call)})
		})
	case "DEATH":
		each(ctx, in, "death.list", func(d status.Death) { all = append(all, candidate{fmt.Sprint(d.Number), oneLine(d.Why)}) })
	case "KIND":
		each(ctx, in, "death.kinds", func(k status.DeathKind) { all = append(all, candidate{k.Kind, oneLine(k.Why)}) })
	case "FUNCTION":
		each(ctx, in, "func.list", func(f status.Func) { all = append(all, candidate{f.Name, f.In + " → " + f.Out}) })
	case "TASK":
		each(ctx, in, "func.list", func(f status.Func) {
			if f.Kind == "task" {
				all = append(all, candidate{f.Name, f.In + " → " + f.Out})
			}
		})
	case "RUN":
		var list status.Tasks
		_ = in.Call(ctx, "task.list", nil, &list)
		for _, r := range list.Runs {
			all = append(all, candidate{fmt.Sprint(r.ID), r.Name + " " + r.State})
		}
	case "CRON":
		each(ctx, in, "cron.list", func(c status.Cron) { all = append(all, candidate{c.Name, ""}) })
	case "METHOD":
		var d discovery
		_ = in.Call(ctx, "rpc.discover", nil, &d)
		for _, m := range d.Methods {
			all = append(all, candidate{m.Name, m.Summary})
		}
	case "TOPIC":
		return wordsOf(status.WatchTopics...)
	case "TYPE":
		each(ctx, in, "event.list", func(e status.EventType) { all = append(all, candidate{e.Type, ""}) })
	}
	return all
}

// each calls fn with each item that a method returns; with none if it fails.
func each[T any](ctx context.Context, in *Invocation, method string, fn func(T)) {
	var all []T
	if in.Call(ctx, method, nil, &all) == nil {
		for _, item := range all {
			fn(item)
		}
	}
}

// list returns the names of the daemons that run.
func (t *Tool) list() (names []string) {
	if t.List != nil {
		return t.List()
	}
	found, _ := client.List()
	for _, f := range found {
		names = append(names, f.Name)
	}
	return names
}

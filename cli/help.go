package cli

import (
	"cmp"
	"context"
	"flag"
	"strings"
)

// Groups of the list of verbs, in its order.
const (
	ownGroup   = "Its own"
	lifeGroup  = "Starting and stopping"
	lookGroup  = "Looking"
	partsGroup = "Parts"
	moreGroup  = "More"
)

func helpVerb(p *program) *verb {
	return &verb{
		group: moreGroup,
		Command: Command{
			Name: "help", Args: "[VERB…]", Short: "explain a verb",
			Run: func(_ context.Context, in *Invocation) error {
				verbs, path := p.verbs, p.name
				if len(in.Args) == 0 {
					p.help()
					return nil
				}
				for i, name := range in.Args {
					v, err := find(verbs, name, path)
					if err != nil {
						return err
					}
					path += " " + v.Name
					if i == len(in.Args)-1 {
						p.helpOf(v, path)
					}
					verbs = v.verbs
				}
				return nil
			},
		},
	}
}

// help lists the verbs.
func (p *program) help() {
	out := p.stdout
	switch {
	case p.daemon != nil:
		if about := strings.TrimSuffix(p.daemon.Config().Description, "."); about != "" {
			out.printf("%s %s.\n", p.daemon.Name(), about)
		}
		out.printf("%s runs and controls the daemon %s.\n\n", p.name, p.daemon.Name())
	case p.short != "":
		out.printf("%s: %s.\n\n", p.name, strings.TrimSuffix(p.short, "."))
	}
	line, flags := p.name, newFlagSet()
	if p.own != nil {
		flags = p.own
	} else {
		p.register(flags, firstFlags)
	}
	line += " [FLAG…] VERB …"
	out.printf("Usage: %s\n", line)
	if p.daemon != nil {
		out.printf("       %s -d    the same as %s run -d\n", p.name, p.name)
	} else {
		for _, line := range wrap("Verbs for daemons take the name or the address of a daemon before other operands.", out.width) {
			out.printf("%s\n", line)
		}
	}
	groups, widest := map[string][]string{}, 0
	for _, v := range p.verbs {
		if !v.hidden {
			groups[v.group] = append(groups[v.group], v.Name, v.Short)
			widest = max(widest, columns(v.Name))
		}
	}
	for _, group := range []string{ownGroup, lifeGroup, lookGroup, partsGroup, moreGroup} {
		if list := groups[group]; len(list) > 0 {
			out.printf("\n%s\n", out.paint(bold, group))
			out.definitions(widest, list)
		}
	}
	out.flags("Flags", flags)
	out.printf("\n%s VERB -h explains a verb.\n", p.name)
}

// helpOf explains a verb.
func (p *program) helpOf(v *verb, path string) {
	out := p.stdout
	width := cmp.Or(out.width, 80)
	out.printf("%s\n", prose(strings.ToUpper(v.Short[:1])+v.Short[1:]+".", width))
	usage := path
	if len(v.verbs) > 0 {
		usage += " VERB …"
	} else {
		usage += " [FLAG…]"
		if p.daemon == nil && v.needs == aServer {
			usage += " DAEMON"
		}
		if v.Args != "" {
			usage += " " + v.Args
		}
	}
	out.printf("\nUsage: %s\n", usage)
	switch {
	case v.group == ownGroup && v.Long != "":
		out.printf("\n%s\n", v.Long)
	case v.Long != "":
		out.printf("\n%s\n", prose(v.Long, width))
	}
	if len(v.verbs) > 0 {
		var list []string
		for _, below := range v.verbs {
			name := below.Name
			if below.Args != "" {
				name += " " + below.Args
			}
			list = append(list, name, below.Short)
		}
		out.printf("\n%s\n", out.paint(bold, "Verbs"))
		out.definitions(widestTerm(list), list)
		return
	}
	out.flags("Flags", p.flagSet(v))
}

// flags lists the flags of fs.
func (p *printer) flags(title string, fs *flag.FlagSet) {
	var list []string
	fs.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		if usage == "" {
			return // another name of one that is listed
		}
		term := dashed(f.Name)
		if long := longNames[f.Name]; long != "" && fs.Lookup(long) != nil {
			term += ", " + dashed(long)
		}
		if value != "" {
			term += " " + value
			usage = strings.TrimPrefix(usage, value+": ") // it is shown beside it
		}
		switch f.DefValue {
		case "", "0", "0s", "false":
		default:
			usage += " (default " + f.DefValue + ")"
		}
		list = append(list, term, usage)
	})
	if len(list) > 0 {
		p.printf("\n%s\n", p.paint(bold, title))
		p.definitions(widestTerm(list), list)
	}
}

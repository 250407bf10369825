package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Flags registers with fs, beside the program's own, the flags that may stand
// before a verb or without one: -d, -f, -v, -s, -o, -h and --json; one that is
// taken is left out. Call it before fs is parsed, and pass its result to
// [Main], which parses fs if the program has not. fs is usually
// flag.CommandLine:
//
//	folder := flag.String("folder", ".", "the folder to watch")
//	common := cli.Flags(flag.CommandLine)
//	flag.Parse()
//	d := legion.New(legion.Config{Name: "thumbs"})
//	…
//	cli.Main(d, common)
//
// Without it a program's own flags work as well, but not before -d and the
// other common flags.
//
// For an unknown flag it prints one line instead of a list of all flags, unless
// the program has a Usage of its own. -h lists them.
func Flags(fs *flag.FlagSet) Option {
	o := &ownFlags{set: fs, common: &commonFlags{}}
	o.common.register(fs, everyFlag)
	shortUsage(fs)
	given.Store(o)
	return o
}

// usual is what package flag prints after a mistake: all flags.
var usual = reflect.ValueOf(flag.Usage).Pointer()

// shortUsage replaces the list of all flags after a mistake by one line.
func shortUsage(fs *flag.FlagSet) {
	short := func() {
		name := filepath.Base(os.Args[0])
		fmt.Fprintf(fs.Output(), "%s -h lists the flags, %s help the verbs; %s version says which version this is\n", name, name, name)
	}
	switch {
	case fs == flag.CommandLine && reflect.ValueOf(flag.Usage).Pointer() == usual:
		flag.Usage = short // which a program may still change
	case fs != flag.CommandLine && fs.Usage == nil:
		fs.Usage = short
	}
}

type ownFlags struct {
	set    *flag.FlagSet
	common *commonFlags
}

func (o *ownFlags) apply(p *program) { p.own, p.flags = o.set, o.common }

// commonFlags are the flags that do not belong to one verb.
type commonFlags struct {
	background, foreground, verbose, hard bool // of a start

	json, help, version bool
	set                 assignments
}

// starts reports whether a flag was given that only a start takes.
func (c *commonFlags) starts() bool { return c.background || c.foreground || c.verbose || c.hard }

// Which flags are registered.
const (
	startFlags  = "dfvs"
	alwaysFlags = "oh"
	everyFlag   = startFlags + alwaysFlags
	// A program may want some names for flags of its own. These are common flags
	// only after a verb, and in a program without own flags.
	longFlags  = "L"                         // --daemon, --foreground, --verbose, --hardstart
	firstFlags = everyFlag + longFlags + "V" // before any verb
)

// longNames are the other names of flags of one letter.
var longNames = map[string]string{"h": "help", "d": "daemon", "f": "foreground", "v": "verbose", "s": "hardstart"}

// register adds the flags of which. Values that were given already stay.
func (c *commonFlags) register(fs *flag.FlagSet, which string) {
	add := func(name string, p *bool, usage string) {
		if fs.Lookup(name) == nil {
			given := *p
			fs.BoolVar(p, name, false, usage)
			*p = given
		}
	}
	for _, letter := range which {
		switch letter {
		case 'd':
			add("d", &c.background, "run in the background")
		case 'f':
			add("f", &c.foreground, "stay in the foreground")
		case 'v':
			add("v", &c.verbose, "log everything, in the foreground on standard error too")
		case 's':
			add("s", &c.hard, "clean up what a dead daemon left behind")
		case 'L':
			add("daemon", &c.background, "")
			add("foreground", &c.foreground, "")
			add("verbose", &c.verbose, "")
			add("hardstart", &c.hard, "")
		case 'h':
			add("h", &c.help, "help")
			add("help", &c.help, "")
			add("json", &c.json, "print JSON")
		case 'V':
			add("version", &c.version, "say which version this is")
		case 'o':
			if fs.Lookup("o") == nil {
				fs.Var(&c.set, "o", "`name=value`: set a value of the configuration; may be repeated")
			}
		}
	}
}

// assignments are the values of -o.
type assignments []assignment

type assignment struct{ name, value string }

// String is what package flag shows as the default: nothing.
func (a *assignments) String() string { return "" }

// Set takes a name=value.
func (a *assignments) Set(text string) error {
	name, value, found := strings.Cut(text, "=")
	if !found || name == "" {
		return fmt.Errorf("write it as name=value, log_level=debug for instance")
	}
	*a = append(*a, assignment{name, value})
	return nil
}

// args are these flags as arguments.
func (a assignments) args() (args []string) {
	for _, one := range a {
		args = append(args, "-o", one.name+"="+one.value)
	}
	return args
}

// parse splits args into flags, which may stand anywhere, and operands. "--"
// ends the flags; a number is an operand though it begins with "-".
func parse(fs *flag.FlagSet, args []string) (operands []string, err error) {
	for len(args) > 0 {
		if a := args[0]; len(a) > 1 && a[0] == '-' && a[1] >= '0' && a[1] <= '9' {
			operands, args = append(operands, a), args[1:]
			continue
		}
		if args[0] == "--" {
			return append(operands, args[1:]...), nil
		}
		if args[0] == "-" || !strings.HasPrefix(args[0], "-") {
			operands, args = append(operands, args[0]), args[1:]
			continue
		}
		n := flagLength(fs, args)
		if err := fs.Parse(args[:n]); err != nil {
			return nil, err
		}
		args = args[n:]
	}
	return operands, nil
}

// flagLength returns how many of args the flag that they begin with takes.
func flagLength(fs *flag.FlagSet, args []string) int {
	name := strings.TrimPrefix(strings.TrimPrefix(args[0], "-"), "-")
	f := fs.Lookup(name) // not found with a "=value" in it
	if f == nil || isSwitch(f) || len(args) == 1 {
		return 1
	}
	return 2
}

// isSwitch reports whether a flag takes no value.
func isSwitch(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// flagError rewords an error of package flag about fs.
func flagError(fs *flag.FlagSet, err error, where string) error {
	text := err.Error()
	if name, found := strings.CutPrefix(text, "flag provided but not defined: -"); found {
		if meant := nearest(name, flagNames(fs)); meant != "" {
			return usage("there is no flag %s; did you mean %s?", dashed(name), dashed(meant))
		}
		text = "there is no flag " + dashed(name)
	} else if name, found := strings.CutPrefix(text, "flag needs an argument: -"); found {
		text = "the flag " + dashed(name) + " needs a value"
	} else if rest := strings.TrimPrefix(strings.TrimPrefix(text, "invalid value "), "invalid boolean value "); rest != text {
		value, _ := strconv.QuotedPrefix(rest)
		rest = strings.TrimPrefix(strings.TrimPrefix(rest[len(value):], " for flag -"), " for -")
		name, reason, _ := strings.Cut(rest, ": ")
		text = dashed(name) + " " + value + ": " + wanted(fs.Lookup(name), reason)
	}
	return usage("%s: %s -h lists the flags", text, where)
}

// flagNames returns the long names of flags.
func flagNames(fs *flag.FlagSet) (names []string) {
	fs.VisitAll(func(f *flag.Flag) {
		if len(f.Name) > 1 {
			names = append(names, f.Name)
		}
	})
	return names
}

// wanted says what a flag takes; reason is why package flag has refused a
// value, where that says more.
func wanted(f *flag.Flag, reason string) string {
	if f == nil || reason != "parse error" {
		return strings.Replace(reason, "value out of range", "it is too large", 1)
	}
	if v, ok := f.Value.(flag.Getter); ok {
		switch v.Get().(type) {
		case time.Duration:
			return "give a number and its unit, as in 500ms, 2s or 1h30m"
		case int, int64, uint, uint64:
			return "give a whole number"
		case float64:
			return "give a number"
		case bool:
			return "give true or false"
		}
	}
	return reason
}

// boolFlag returns a function that adds one flag.
func boolFlag(p *bool, name, usage string) func(*flag.FlagSet) {
	return func(fs *flag.FlagSet) { fs.BoolVar(p, name, false, usage) }
}

// dashed is a flag as users write it.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// sensible refuses negative durations, which no flag of a verb takes, and empty
// texts for flags of Legion's own verbs: a script with an unset variable does
// not mean "without that flag".
func sensible(fs *flag.FlagSet, own bool) (err error) {
	fs.Visit(func(f *flag.Flag) {
		v, ok := f.Value.(flag.Getter)
		if !ok {
			return
		}
		switch v := v.Get().(type) {
		case time.Duration:
			if v < 0 {
				err = usage("%s is %v: it must not be negative", dashed(f.Name), v)
			}
		case string:
			if v == "" && !own {
				err = usage("%s is empty: give it a value, or leave it out", dashed(f.Name))
			}
		}
	})
	return err
}

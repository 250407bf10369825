package cli

import (
	"context"
	"flag"
	"fmt"
	"strings"
)

// Command is a program's own verb. One with the name of a built-in verb
// replaces it.
type Command struct {
	Name string // one word of letters, digits and '-'
	// Args names the operands, for help and to count them: "FOLDER [FILE…]". What
	// is in brackets may be left out, and "…" stands for any number. Default: none.
	Args  string
	Short string // one line, for the list of verbs
	Long  string // more text for help; lines are kept as they are
	// Flags adds the command's own flags. Default: none but --json, -o and -h.
	Flags func(fs *flag.FlagSet)
	// Run does the work. Its error is printed and sets the exit code: see
	// [ExitError]. Required.
	Run func(ctx context.Context, in *Invocation) error
}

func (c Command) apply(p *program) {
	if c.Name == "" || c.Run == nil || strings.ContainsFunc(c.Name, notInName) {
		panic(fmt.Sprintf("cli: command %q needs a name of letters, digits and '-', and a function Run", c.Name))
	}
	own := &verb{Command: c, group: ownGroup}
	for i, v := range p.verbs {
		if v.Name == c.Name {
			own.replaces = true
			p.verbs = append(p.verbs[:i:i], p.verbs[i+1:]...)
			break
		}
	}
	p.verbs = append(p.verbs, own)
}

func notInName(r rune) bool {
	return r != '-' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
}

// verb is a Command with what only built-in ones have.
type verb struct {
	Command
	group string  // of the list of verbs
	verbs []*verb // below it: pool ls
	needs need
	// starts says that the verb also takes the flags of a start (-d, -f, -v, -s).
	starts bool
	hidden bool // not listed
	raw    bool // its operands may look like flags
	// replaces says that a built-in verb has the same name.
	replaces bool
}

// need is what a verb requires.
type need int

const (
	nothing need = iota
	aDaemon      // the daemon's own program
	aServer      // a daemon; in a Tool its name is the first operand
)

// operands returns how many operands there may be; most is -1 if there is no
// limit.
func (c *Command) operands() (least, most int) {
	depth := 0
	for _, word := range strings.Fields(c.Args) {
		optional := depth > 0 || strings.HasPrefix(word, "[")
		depth += strings.Count(word, "[") - strings.Count(word, "]")
		if strings.Contains(word, "…") {
			most = -1
		}
		if most >= 0 {
			most++
		}
		if !optional {
			least++
		}
	}
	return least, most
}

// operand returns the name of operand number i, "POOL" for instance, or "".
func (c *Command) operand(i int) string {
	words := strings.Fields(strings.NewReplacer("[", "", "]", "").Replace(c.Args))
	switch {
	case i < len(words):
		return strings.TrimSuffix(words[i], "…")
	case len(words) > 0 && strings.HasSuffix(words[len(words)-1], "…"):
		return strings.TrimSuffix(words[len(words)-1], "…")
	}
	return ""
}

package config

import "fmt"

// kind is what a node is.
type kind int

const (
	nothing kind = iota // as in YAML's null
	scalar              // one piece of text
	list
	table
)

// node is a piece of a configuration file, whatever its format.
type node struct {
	kind   kind
	text   string // of a scalar
	quoted bool   // a scalar that is text and nothing else
	line   int    // from 1 on; 0 outside files
	items  []*node
	keys   []entry        // in the order of the file
	lines  map[string]int // of keys
}

// entry is a key of a table and its value.
type entry struct {
	name  string
	line  int
	value *node
}

func (k kind) String() string {
	return [...]string{"nothing", "a single value", "a list", "a table of keys"}[k]
}

// set adds a key to a table. It must not have been there.
func (n *node) set(e entry) error {
	if line, twice := n.lines[e.name]; twice {
		return &syntaxError{e.line, fmt.Sprintf("the key %q occurs twice; the first is on line %d: remove one", e.name, line)}
	}
	if n.lines == nil {
		n.lines = map[string]int{}
	}
	n.lines[e.name] = e.line
	n.keys = append(n.keys, e)
	return nil
}

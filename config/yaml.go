package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	// maxDepth is how deep lists and tables may be nested.
	maxDepth = 100
	tooDeep  = "lists and tables are nested too deep"
	// maxNodes limits how far aliases can expand a small file.
	maxNodes = 100_000
)

// parseYAML reads a YAML text of one document.
func parseYAML(text []byte) (*node, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil // comments only
	case err != nil:
		return nil, yamlError(text, err)
	}
	switch err := d.Decode(&more); {
	case err == nil:
		return nil, &syntaxError{more.Line, "a second document begins; there may be one only: remove the line ---"}
	case !errors.Is(err, io.EOF):
		return nil, yamlError(text, err)
	}
	p := yamlParser{}
	root, err := p.node(doc.Content[0], 0)
	if err != nil || root.kind == nothing {
		return nil, err
	}
	return root, nil
}

// yamlParser makes nodes from those of package yaml.
type yamlParser struct{ nodes int }

// node makes a node that is so deep.
func (p *yamlParser) node(y *yaml.Node, depth int) (*node, error) {
	n := &node{line: y.Line}
	if p.nodes++; p.nodes > maxNodes {
		return nil, &syntaxError{y.Line, "its aliases expand it too much"}
	}
	if depth > maxDepth {
		return nil, &syntaxError{y.Line, tooDeep}
	}
	if y.Style&yaml.TaggedStyle != 0 && !coreTag(y.Tag) {
		return nil, &syntaxError{y.Line, fmt.Sprintf("the tag %s means nothing here: remove it", y.Tag)}
	}
	switch y.Kind {
	case yaml.AliasNode:
		return p.node(y.Alias, depth+1)
	case yaml.ScalarNode:
		if y.Tag != "!!null" {
			n.kind, n.text = scalar, y.Value
			n.quoted = y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
		}
		return n, nil
	case yaml.SequenceNode:
		n.kind = list
		for _, y := range y.Content {
			item, err := p.node(y, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		return n, nil
	}
	n.kind = table
	return n, p.table(n, y, depth)
}

// table fills n with the keys of y. Those that it merges ("<<") come last, and
// other keys override them.
func (p *yamlParser) table(n *node, y *yaml.Node, depth int) error {
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		name := y.Content[i]
		value, err := p.node(y.Content[i+1], depth+1)
		switch {
		case err != nil:
			return err
		case name.Tag == "!!merge" && value.kind == list:
			merged = append(merged, value.items...)
			continue
		case name.Tag == "!!merge":
			merged = append(merged, value)
			continue
		}
		if name.Kind == yaml.AliasNode {
			name = name.Alias
		}
		if name.Kind != yaml.ScalarNode {
			return &syntaxError{name.Line, "a key must be a single value"}
		}
		if err := n.set(entry{name.Value, name.Line, value}); err != nil {
			return err
		}
	}
	for _, m := range merged {
		if m.kind != table {
			return &syntaxError{m.line, "<< takes a table of keys, or a list of such; this is " + m.kind.String()}
		}
		for _, e := range m.keys {
			_ = n.set(e) // the key that is there stays
		}
		if p.nodes += len(m.keys); p.nodes > maxNodes {
			return &syntaxError{y.Line, "its aliases expand it too much"}
		}
	}
	return nil
}

// coreTag reports whether a tag only says what is plain anyway.
func coreTag(tag string) bool {
	switch tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq", "!!merge":
		return true
	}
	return false
}

// yamlError extracts the line from an error of package yaml. It leaves out line
// 1, and counts lines from 0 in the errors of its parser, but not in those of
// its scanner.
func yamlError(text []byte, err error) error {
	said := strings.TrimPrefix(err.Error(), "yaml: ")
	if after, ok := strings.CutPrefix(said, "unknown anchor '"); ok {
		name, _, _ := strings.Cut(after, "'")
		before, _, _ := bytes.Cut(text, []byte("*"+name))
		return &syntaxError{1 + bytes.Count(before, []byte("\n")), said}
	}
	line := 1
	if after, ok := strings.CutPrefix(said, "line "); ok {
		number, what, _ := strings.Cut(after, ": ")
		if n, err := strconv.Atoi(number); err == nil {
			line, said = n, what
			if slices.ContainsFunc(parserErrors, func(p string) bool { return strings.HasPrefix(what, p) }) {
				line++
			}
		}
	}
	return &syntaxError{line, said}
}

// parserErrors are how the errors of the parser in package yaml begin.
var parserErrors = []string{
	"did not find expected <", "did not find expected '", "did not find expected key", "did not find expected node content", "did not find expected ','",
	"found undefined tag handle", "found duplicate %", "found incompatible YAML document",
}

package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// parseJSON reads a JSON text.
func parseJSON(text []byte) (*node, error) {
	p := &jsonParser{text: text, Decoder: json.NewDecoder(bytes.NewReader(text))}
	p.UseNumber()
	root, err := p.node(0)
	if err == nil {
		if _, after := p.Token(); after != io.EOF {
			return nil, &syntaxError{p.line(), "something follows the end of the JSON value"}
		}
		return root, nil
	}
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, &syntaxError{p.lineAt(syntax.Offset), syntax.Error()}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &syntaxError{p.lineAt(int64(len(text))), "the JSON value does not end"}
	}
	return nil, err
}

type jsonParser struct {
	text []byte
	*json.Decoder
}

// line is that of the token read last: none of JSON's tokens has a line break
// in it.
func (p *jsonParser) line() int { return p.lineAt(p.InputOffset()) }

func (p *jsonParser) lineAt(offset int64) int {
	return 1 + bytes.Count(p.text[:min(offset, int64(len(p.text)))], []byte("\n"))
}

// node reads a value that is so deep.
func (p *jsonParser) node(depth int) (*node, error) {
	token, err := p.Token()
	if err != nil {
		return nil, err
	}
	n := &node{line: p.line()}
	if depth > maxDepth {
		return nil, &syntaxError{n.line, tooDeep}
	}
	switch t := token.(type) {
	case nil:
		return n, nil
	case string:
		n.kind, n.text, n.quoted = scalar, t, true
		return n, nil
	case json.Delim:
		n.kind = table
		if t == '[' {
			n.kind = list
		}
	default:
		n.kind, n.text = scalar, fmt.Sprint(t)
		return n, nil
	}
	for p.More() {
		var e entry
		if n.kind == table {
			name, err := p.Token()
			if err != nil {
				return nil, err
			}
			e.name, _ = name.(string) // the decoder permits nothing else
			e.line = p.line()
		}
		if e.value, err = p.node(depth + 1); err != nil {
			return nil, err
		}
		if n.kind == list {
			n.items = append(n.items, e.value)
		} else if err := n.set(e); err != nil {
			return nil, err
		}
	}
	_, err = p.Token() // the end of it
	return n, err
}

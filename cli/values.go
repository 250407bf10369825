package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// indented returns indented JSON, without characters that a terminal
// interprets.
func indented(raw []byte) string {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return clean(string(raw))
	}
	return escaped(b.String())
}

// compacted returns JSON on one line.
func compacted(raw []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return oneLine(string(raw))
	}
	return escaped(b.String())
}

// escaped replaces characters that JSON allows in strings and a terminal
// interprets by escapes that mean the same.
func escaped(text string) string {
	if strings.IndexFunc(text, obeyed) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if obeyed(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// operand makes JSON of an operand: "-" stands for the standard input.
func (in *Invocation) jsonOperand(i int) (json.RawMessage, error) {
	if i >= len(in.Args) {
		return nil, nil
	}
	text := in.Args[i]
	if text == "-" {
		b, err := readAll(in.Stdin)
		if err != nil {
			return nil, err
		}
		text = b
	}
	text = strings.TrimSpace(text)
	if err := json.Unmarshal([]byte(text), new(json.RawMessage)); err != nil {
		return nil, notJSON(text, err)
	}
	return json.RawMessage(text), nil
}

// notJSON says what is wrong with a text, given the error of package json:
// where, if it begins as JSON does.
func notJSON(text string, err error) error {
	var at *json.SyntaxError
	switch {
	case text == "":
		return usage("the standard input is empty: JSON is missing")
	case !strings.ContainsAny(text[:1], `{["`) || !errors.As(err, &at):
		return usage("%q is not JSON: write text in quotes, as in '\"text\"', and an object as in '{\"name\": 1}'", cut(text, 60))
	case at.Offset >= int64(len(text)) && strings.HasPrefix(err.Error(), "unexpected end"):
		return usage("the JSON does not end: %s", cut(oneLine(text), 60))
	}
	before := []rune(text[:at.Offset-1]) // and then comes what is wrong
	return usage("the JSON is wrong: %v, after %s", err, oneLine(string(before[max(0, len(before)-40):])))
}

// fields returns what an object holds, in its order, as names and one-line
// texts; objects in it as name.inner.
func fields(raw []byte) (names, values []string) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, nil
	}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			break
		}
		key := fmt.Sprint(name)
		if bytes.HasPrefix(value, []byte("{")) {
			inner, texts := fields(value)
			for i := range inner {
				names, values = append(names, key+"."+inner[i]), append(values, texts[i])
			}
			if len(inner) > 0 {
				continue
			}
		}
		names, values = append(names, key), append(values, text(value))
	}
	return names, values
}

// text is a JSON value as people write it: a text without quotes.
func text(raw []byte) string {
	var s string
	if json.Unmarshal(raw, &s) == nil && len(raw) > 0 && raw[0] == '"' {
		return s
	}
	return compacted(raw)
}

// attributes writes an object as a=1 b="two words".
func attributes(raw []byte) string {
	names, values := fields(raw)
	parts := make([]string, len(names))
	for i := range names {
		parts[i] = names[i] + "=" + quoted(values[i])
	}
	return strings.Join(parts, " ")
}

func quoted(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool {
		return r == ' ' || r == '"' || r == '=' || !unicode.IsPrint(r)
	}) {
		return strconv.Quote(s)
	}
	return s
}

// outline writes any JSON value as indented names and values.
func (p *printer) outline(raw []byte, indent string) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return
	}
	p.outlineOf(v, indent)
}

func (p *printer) outlineOf(v any, indent string) {
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			p.outlineOne(name+":", v[name], indent)
		}
	case []any:
		for _, item := range v {
			p.outlineOne("-", item, indent)
		}
	default:
		p.printf("%s%s\n", indent, leaf(v))
	}
}

func (p *printer) outlineOne(head string, v any, indent string) {
	head = indent + p.paint(dim, oneLine(head))
	switch inner := v.(type) {
	case map[string]any:
		if len(inner) > 0 {
			p.printf("%s\n", head)
			p.outlineOf(v, indent+"  ")
			return
		}
		v = "{}"
	case []any:
		if len(inner) > 0 {
			p.printf("%s\n", head)
			p.outlineOf(v, indent+"  ")
			return
		}
		v = "[]"
	}
	p.printf("%s %s\n", head, leaf(v))
}

func leaf(v any) string {
	if v == nil {
		return "–"
	}
	if s, ok := v.(string); ok {
		return oneLine(s)
	}
	return fmt.Sprint(v)
}

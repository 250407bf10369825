package xmlrpc

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// writer writes one document.
type writer struct {
	buf bytes.Buffer

	// The value that is being written.
	json  *jsontext.Decoder
	marks []mark // of values still to come
}

func (w *writer) raw(s string) { w.buf.WriteString(s) }

func (w *writer) begin(root string) {
	w.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" + root + ">")
}

// result writes the content of a result's value.
func (w *writer) result(v any) error {
	m, err := marshal(v)
	if err == nil {
		w.json, w.marks = jsontext.NewDecoder(bytes.NewBuffer(m.json)), m.marks
		err = w.content()
	}
	if err != nil {
		return fmt.Errorf("encoding the result: %w", err)
	}
	return nil
}

// kind returns the noted kind of the value that begins after this offset.
func (w *writer) kind(offset int64) (k kind) {
	for len(w.marks) > 0 && w.marks[0].offset <= offset {
		if w.marks[0].offset == offset {
			k = w.marks[0].kind
		}
		w.marks = w.marks[1:]
	}
	return k
}

// value writes the next JSON value.
func (w *writer) value() error {
	w.raw("<value>")
	err := w.content()
	w.raw("</value>")
	return err
}

// content writes the next JSON value without the tags around it.
func (w *writer) content() error {
	k := w.kind(w.json.InputOffset())
	t, err := w.json.ReadToken()
	if err != nil {
		return err
	}
	switch t.Kind() {
	case 'n':
		w.raw("<nil/>")
	case 't':
		w.raw("<boolean>1</boolean>")
	case 'f':
		w.raw("<boolean>0</boolean>")
	case '0':
		err = w.number(t.String(), k)
	case '"':
		err = w.string(t.String(), k)
	case '[':
		err = w.array()
	case '{':
		err = w.structure()
	}
	return err
}

func (w *writer) array() error {
	w.raw("<array><data>")
	for w.json.PeekKind() != ']' {
		if err := w.value(); err != nil {
			return err
		}
	}
	w.raw("</data></array>")
	_, err := w.json.ReadToken()
	return err
}

func (w *writer) structure() error {
	w.raw("<struct>")
	for w.json.PeekKind() != '}' {
		name, err := w.json.ReadToken()
		if err != nil {
			return err
		}
		w.raw("<member><name>")
		w.text(name.String())
		w.raw("</name>")
		if err := w.value(); err != nil {
			return err
		}
		w.raw("</member>")
	}
	w.raw("</struct>")
	_, err := w.json.ReadToken()
	return err
}

func (w *writer) number(text string, k kind) error {
	if k == real || strings.ContainsAny(text, ".eE") || text == "-0" {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("the number %s does not fit a double: send it as a string", clip(text))
		}
		// XML-RPC has no exponents.
		w.raw("<double>" + strconv.FormatFloat(f, 'f', -1, 64) + "</double>")
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("the number %s does not fit an i8: send it as a string", clip(text))
	}
	w.integer(n)
	return nil
}

func (w *writer) integer(n int64) {
	tag := "int"
	if n < math.MinInt32 || n > math.MaxInt32 {
		tag = "i8"
	}
	fmt.Fprintf(&w.buf, "<%s>%d</%[1]s>", tag, n)
}

func (w *writer) string(s string, k kind) error {
	switch k {
	case ready:
		w.raw(s)
		return nil
	case octets:
		w.raw("<base64>" + s + "</base64>")
		return nil
	case moment:
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			if t = t.UTC(); t.Year() < 0 || t.Year() > 9999 {
				return fmt.Errorf("the time %s is not in the years 0 to 9999 of UTC", s)
			}
			w.raw("<dateTime.iso8601>" + t.Format(dateTimeLayout) + "</dateTime.iso8601>")
			return nil
		}
	}
	w.raw("<string>")
	w.text(s)
	w.raw("</string>")
	return nil
}

// text writes text so that it arrives unchanged, including carriage returns.
func (w *writer) text(s string) {
	for _, r := range s {
		switch {
		case r == '&':
			w.raw("&amp;")
		case r == '<':
			w.raw("&lt;")
		case r == '>':
			w.raw("&gt;")
		case r == '\r':
			w.raw("&#13;")
		case r < ' ' && r != '\t' && r != '\n' || r == 0xfffe || r == 0xffff:
			w.buf.WriteRune(utf8.RuneError)
		default:
			w.buf.WriteRune(r)
		}
	}
}

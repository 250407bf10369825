package config

import (
	"encoding"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// setText sets v to the value of text: text from every source is read in the
// same way.
func setText(v reflect.Value, text string) error {
	t := v.Type()
	switch {
	case textual(t):
		if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
			if t == reflect.TypeFor[slog.Level]() {
				return fmt.Errorf("%q is not a level: use debug, info, warn or error", text)
			}
			if quoted := strconv.Quote(text); !strings.Contains(err.Error(), quoted) {
				err = fmt.Errorf("%s: %w", quoted, err)
			}
			return err
		}
	case t == durationType:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a duration: write a number and its unit, as in 500ms, 2s or 1h30m", text)
		}
		v.SetInt(int64(d))
	case t == signalType:
		sig, err := parseSignal(text)
		if err != nil {
			return err
		}
		v.SetInt(int64(sig))
	case t == bytesType:
		v.SetBytes([]byte(text))
	case t.Kind() == reflect.String:
		v.SetString(text)
	case t.Kind() == reflect.Bool:
		b, ok := truth[strings.ToLower(text)]
		if !ok {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		v.SetBool(b)
	case v.CanInt():
		n, err := signed(text, t.Bits())
		if err != nil {
			return err
		}
		v.SetInt(n)
	case v.CanUint():
		n, err := unsigned(text, t.Bits())
		if err != nil {
			return err
		}
		v.SetUint(n)
	default:
		f, err := strconv.ParseFloat(text, t.Bits())
		if errors.Is(err, strconv.ErrRange) {
			return fmt.Errorf("%s is too large", text)
		} else if err != nil {
			return fmt.Errorf("%q is not a number", text)
		}
		v.SetFloat(f)
	}
	return nil
}

// parseSignal reads the name of a signal, with or without SIG, or its number.
func parseSignal(text string) (syscall.Signal, error) {
	name := strings.ToUpper(text)
	if sig := unix.SignalNum("SIG" + strings.TrimPrefix(name, "SIG")); sig != 0 {
		return sig, nil
	}
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return syscall.Signal(n), nil
	}
	return 0, fmt.Errorf("there is no signal %q: write HUP or SIGHUP, for instance", text)
}

// truth are YAML's words for true and false, and the usual ones in environment
// variables.
var truth = map[string]bool{
	"true": true, "yes": true, "on": true, "1": true,
	"false": false, "no": false, "off": false, "0": false,
}

// signed reads a whole number of so many bits. It may have a unit of size.
func signed(text string, bits int) (int64, error) {
	if size, err := parseSize(text); err == nil {
		text = strconv.FormatUint(size, 10)
	}
	n, err := strconv.ParseInt(text, 0, bits)
	if errors.Is(err, strconv.ErrRange) {
		limit := int64(-1) << (bits - 1)
		return 0, fmt.Errorf("%s is out of range: it must be from %d to %d", text, limit, -(limit + 1))
	}
	return n, whole(text, err)
}

// unsigned is signed for numbers from 0 on.
func unsigned(text string, bits int) (uint64, error) {
	if size, err := parseSize(text); err == nil {
		text = strconv.FormatUint(size, 10)
	}
	n, err := strconv.ParseUint(text, 0, bits)
	if negative, negErr := strconv.ParseInt(text, 0, 64); errors.Is(err, strconv.ErrRange) || negErr == nil && negative < 0 {
		return 0, fmt.Errorf("%s is out of range: it must be from 0 to %d", text, ^uint64(0)>>(64-bits))
	}
	return n, whole(text, err)
}

func whole(text string, err error) error {
	switch {
	case err == nil:
		return nil
	case text != "" && strings.IndexByte("0123456789", text[0]) >= 0:
		return fmt.Errorf("%q is not a whole number; sizes are written as 64KiB, 256MiB or 1.5GB", text)
	}
	return fmt.Errorf("%q is not a whole number", text)
}

// kindName is the word for a t in messages.
func kindName(t reflect.Type) string {
	t = pointed(t)
	switch {
	case t == durationType:
		return "a duration"
	case t == signalType:
		return "a signal"
	case t.PkgPath() != "":
		return t.String()
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return "a whole number"
	}
	return "a " + t.String()
}

// textNode makes a node for a t from the text of an environment variable or a
// flag. Lists are a,b,c and tables a=1,b=2; both may be written as in YAML,
// too: [a, b] and {a: 1, b: 2}.
func textNode(t reflect.Type, said string) (*node, error) {
	t = pointed(t)
	single := textual(t) || t == bytesType || plainKind(t.Kind())
	first := strings.TrimLeft(said, " \t\n")
	switch {
	case single:
	case t.Kind() == reflect.Interface, strings.HasPrefix(first, "["), strings.HasPrefix(first, "{"):
		n, err := parsed(parseYAML, []byte(said))
		if n == nil && err == nil {
			n = &node{}
		}
		return n.unplaced(), err
	case t.Kind() == reflect.Map:
		n := &node{kind: table}
		for part := range strings.SplitSeq(said, ",") {
			name, value, ok := strings.Cut(part, "=")
			if !ok {
				return nil, fmt.Errorf("%q: write key=value, with commas between", part)
			}
			if err := n.set(entry{name: strings.TrimSpace(name), value: word(value)}); err != nil {
				return nil, err
			}
		}
		return n, nil
	default:
		n := &node{kind: list}
		for part := range strings.SplitSeq(said, ",") {
			n.items = append(n.items, word(part))
		}
		return n, nil
	}
	return &node{kind: scalar, text: said}, nil
}

func word(text string) *node { return &node{kind: scalar, text: strings.TrimSpace(text)} }

// unplaced removes the line numbers from n, which mean nothing outside a file.
func (n *node) unplaced() *node {
	if n == nil {
		return nil
	}
	n.line = 0
	for _, item := range n.items {
		item.unplaced()
	}
	for i := range n.keys {
		n.keys[i].line = 0
		n.keys[i].value.unplaced()
	}
	return n
}

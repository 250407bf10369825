package strictjson

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// appendSeconds appends d to b as seconds, exactly, with as many digits after
// the point as needed: 90, 0.25, -1.5.
func appendSeconds(b []byte, d time.Duration) []byte {
	n := uint64(d)
	if d < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendUint(b, n/uint64(time.Second), 10)
	if fraction := n % uint64(time.Second); fraction != 0 {
		digits := strconv.AppendUint(nil, fraction+uint64(time.Second), 10) // a 1 in front keeps the zeros
		b = append(b, '.')
		b = append(b, strings.TrimRight(string(digits[1:]), "0")...)
	}
	return b
}

func writeDuration(e *jsontext.Encoder, d time.Duration) error {
	if kind, length := e.StackIndex(e.StackDepth()); kind == jsontext.KindBeginObject && length%2 == 0 {
		return e.WriteToken(jsontext.String(string(appendSeconds(nil, d)))) // the key of a map
	}
	return e.WriteValue(appendSeconds(nil, d))
}

func readDuration(in *jsontext.Decoder, d *time.Duration) (err error) {
	switch kind := in.PeekKind(); kind {
	case '0', '"', 'n', jsontext.KindInvalid: // for invalid text, ReadToken returns the error
	default:
		return &json.SemanticError{JSONKind: kind, GoType: durationType}
	}
	token, err := in.ReadToken()
	if err != nil {
		return err
	}
	if token.Kind() == 'n' {
		*d = 0 // null zeroes any type
		return nil
	}
	*d, err = parseDuration(token.String(), token.Kind() == '0')
	return err
}

// parseDuration reads a duration: a number of seconds, or a string as for
// time.ParseDuration.
func parseDuration(text string, number bool) (time.Duration, error) {
	if !number {
		// A number in a string is accepted too: command lines and map keys have this
		// form.
		if d, err := time.ParseDuration(text); err == nil {
			return d, nil
		}
	}
	if strings.ContainsAny(text, "eE") {
		seconds, err := strconv.ParseFloat(text, 64)
		if err == nil && math.Abs(seconds) < math.MaxInt64/float64(time.Second) {
			return time.Duration(math.Round(seconds * float64(time.Second))), nil
		}
	} else if d, err := time.ParseDuration(text + "s"); err == nil {
		return d, nil
	}
	if number {
		return 0, errors.New("the duration is more than 292 years")
	}
	return 0, fmt.Errorf("%q is not a duration", text)
}

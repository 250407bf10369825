package strictjson

import (
	"bytes"
	"math"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth is how deeply values may be nested at most in what [Unmarshal] reads; the parser below has this limit.
const MaxDepth = 10000

// The options are made when they are first used: each worker process has this package, and speaks no JSON.
var (
	writing = sync.OnceValue(func() json.Options {
		return json.JoinOptions(
			json.Deterministic(true),
			jsontext.AllowInvalidUTF8(true),
			json.WithMarshalers(json.MarshalToFunc(writeDuration)),
		)
	})
	reading = sync.OnceValue(func() json.Options {
		return json.WithUnmarshalers(json.JoinUnmarshalers(
			json.UnmarshalFromFunc(readDuration),
			json.UnmarshalFromFunc(readAny),
		))
	})
	exactly = sync.OnceValue(func() json.Options {
		return json.JoinOptions(reading(), json.RejectUnknownMembers(true))
	})
)

// Marshal returns v as JSON on one line, without a newline at its end. The same value always gives the same bytes.
//
// The error says which type, and where in v, has no JSON form: a channel, a function, a float that is no number, a value
// that contains itself.
func Marshal(v any) ([]byte, error) {
	data, err := json.Marshal(v, writing())
	if err != nil {
		return nil, explain(nil, err)
	}
	return data, nil
}

// Unmarshal reads the one value in data into the variable that v points to. A member that has no place there is an error.
// Objects go into maps and structs that have values already member by member, as with encoding/json.
//
// Each error is an [*Error].
func Unmarshal(data []byte, v any) error { return unmarshal(data, v, exactly()) }

// UnmarshalKnown is Unmarshal that passes over members which have no place in v: what a newer version may have added.
func UnmarshalKnown(data []byte, v any) error { return unmarshal(data, v, reading()) }

func unmarshal(data []byte, v any, options json.Options) error {
	if err := json.Unmarshal(data, v, options); err != nil {
		return explain(data, err)
	}
	return nil
}

// Check reports whether data is one JSON value in which values are nested at most maxDepth deep: 1 is an object or array
// without others in it. The depth is looked at first, and no further than to the first value that is too deep: neither
// long nor deep text costs memory. Text that is too deep is not looked at further: it may not even be JSON.
//
// Each error is an [*Error].
func Check(data []byte, maxDepth int) error { return CheckList(data, maxDepth, math.MaxInt) }

// CheckList is Check that also refuses a list of more than maxElements elements, which must be 1 at least; lists in it may
// have any number. That is seen together with the depth: what comes after the comma that was one too many is not looked at.
func CheckList(data []byte, maxDepth, maxElements int) error {
	return Take(data, maxDepth, maxElements, (*jsontext.Decoder).SkipValue)
}

// Take is CheckList that has take read the value, from the decoder that checks
// it, and so saves a second reading. take must read the whole value, and use
// nothing of it before Take has returned nil.
func Take(data []byte, maxDepth, maxElements int, take func(*jsontext.Decoder) error) error {
	if err := scan(data, maxDepth, maxElements); err != nil {
		return err
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(data))
	if err := take(d); err != nil {
		return explain(data, err)
	}
	if rest := skipSpace(data[d.InputOffset():]); len(rest) > 0 {
		return &Error{Kind: Syntax, Offset: len(data) - len(rest), Message: "there is more text after the value"}
	}
	return nil
}

// scan looks for the first bracket in data that opens a value deeper than maxDepth, and, if data is a list, for the comma
// after its element number maxElements. It knows of JSON only what brackets, commas and strings are.
func scan(data []byte, maxDepth, maxElements int) error {
	list := bytes.HasPrefix(skipSpace(data), []byte("["))
	depth, commas := 0, 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '[', '{':
			if depth++; depth > maxDepth {
				return &Error{Kind: Deep, Offset: i, Limit: maxDepth}
			}
		case ']', '}':
			depth--
		case ',':
			if !list || depth != 1 {
				continue
			}
			if commas++; commas >= maxElements {
				return &Error{Kind: Long, Offset: i, Limit: maxElements}
			}
		case '"':
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		}
	}
	return nil
}

// skipSpace returns data from the first byte on that is not JSON's white space.
func skipSpace(data []byte) []byte { return bytes.TrimLeft(data, " \t\r\n") }

package strictjson

import (
	"bytes"
	"math"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth is the deepest nesting that [Unmarshal] accepts; it is the limit of
// the underlying parser.
const MaxDepth = 10000

// The options are made at their first use: each worker process loads this
// package, but does not use JSON.
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

// Marshal returns v as JSON on one line, without a newline at its end. The same
// value always gives the same bytes.
//
// The error says which type, and where in v, has no JSON form: a channel, a
// function, NaN or an infinity, a value that contains itself.
func Marshal(v any) ([]byte, error) {
	data, err := json.Marshal(v, writing())
	if err != nil {
		return nil, explain(nil, err)
	}
	return data, nil
}

// Unmarshal reads the one value in data into the variable that v points to. A
// member that v does not have is an error. Objects are merged member by member
// into maps and structs that have values already, as with encoding/json.
//
// Each error is an [*Error].
func Unmarshal(data []byte, v any) error { return unmarshal(data, v, exactly()) }

// UnmarshalKnown is Unmarshal that ignores members that v does not have: a
// newer version may have added them.
func UnmarshalKnown(data []byte, v any) error { return unmarshal(data, v, reading()) }

func unmarshal(data []byte, v any, options json.Options) error {
	if err := json.Unmarshal(data, v, options); err != nil {
		return explain(data, err)
	}
	return nil
}

// Check returns nil if data is one JSON value nested at most maxDepth deep: 1
// is an object or array without others in it. It checks the depth first, and
// stops at the first value that is too deep, which may not even be JSON:
// neither long nor deep text costs memory.
//
// Each error is an [*Error].
func Check(data []byte, maxDepth int) error { return CheckList(data, maxDepth, math.MaxInt) }

// CheckList is Check that also refuses a list of more than maxElements
// elements; maxElements must be at least 1. Lists inside it may have any
// number. It checks this together with the depth, and stops at the first comma
// too many.
func CheckList(data []byte, maxDepth, maxElements int) error {
	return Take(data, maxDepth, maxElements, (*jsontext.Decoder).SkipValue)
}

// Take is CheckList that calls take to read the value from the decoder that
// checks it, which saves a second pass. take must read the whole value; the
// caller must not use the value before Take has returned nil.
func Take(data []byte, maxDepth, maxElements int, take func(*jsontext.Decoder) error) error {
	limits := Scan{MaxDepth: maxDepth, MaxElements: maxElements}
	if err := limits.Next(data); err != nil {
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

// skipSpace returns data without the JSON white space at its start.
func skipSpace(data []byte) []byte { return bytes.TrimLeft(data, " \t\r\n") }

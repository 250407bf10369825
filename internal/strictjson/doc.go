// Package strictjson reads and writes the JSON of the control socket: strict,
// so that a reader never has to guess.
//
// Read it in this order:
//
//   - strictjson.go: [Marshal], [Unmarshal], [Check] and [Take]; scan.go: a
//     [Scan] checks limits while a text arrives;
//   - duration.go: a time.Duration is a number of seconds; number.go: the Go
//     type of a number in an any;
//   - error.go: errors that name the place and say in plain words what was
//     expected there;
//   - fields.go: the members of a struct, for code that describes types.
//
// # What is refused
//
// Names are case-sensitive: "Name" is not "name". An object that has a name
// twice, text that is not UTF-8, half of a surrogate pair, anything after the
// value, and values that are nested too deeply are errors. A member that the Go
// type does not have is an error of [Unmarshal]; [UnmarshalKnown] ignores it.
//
// # How Go values travel
//
//   - a time.Duration is a number of seconds, with a fraction if needed: 1.5. A
//     string such as "1m30s" is accepted too;
//   - a time.Time is a string as in RFC 3339, a []byte is a string in base64;
//   - maps are written in the order of their keys, a nil slice is [] and a nil
//     map is {};
//   - bytes in a string that are not UTF-8 are written as U+FFFD: so one odd
//     name does not spoil a whole answer;
//   - an any gets a bool, string, []any or map[string]any as with
//     encoding/json. A number without a point and without an exponent becomes
//     an int64, or a uint64 if it fits only there, or else a jsontext.Value,
//     which keeps its digits; any other number, and -0, becomes a float64. So a
//     number that was read is written unchanged, but a float64 without a
//     fraction, whose JSON has no point, is read back as an integer.
//
// Everything else is as in github.com/go-json-experiment/json, on which this
// package is built.
//
// All functions may be called from any goroutine.
package strictjson

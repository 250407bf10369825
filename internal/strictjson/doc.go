// Package strictjson is JSON as it travels on the control socket: a program that reads it never has to guess.
//
// Read it in this order:
//
//   - strictjson.go: [Marshal], [Unmarshal], [Check] and [Take];
//   - duration.go: a time.Duration is a number of seconds; number.go: which type a number has in an any;
//   - error.go: errors that name the place and say in plain words what was wanted there;
//   - fields.go: the members of a struct, for those who describe types.
//
// # What is refused
//
// Names are compared as they are: "Name" is not "name". An object that has a name twice, text that is not UTF-8, half of a
// surrogate pair, anything after the value, and values that are nested too deeply are errors. So is, in [Unmarshal], a
// member that the Go type does not have; [UnmarshalKnown] passes over it.
//
// # How Go values travel
//
//   - a time.Duration is a number of seconds, with a fraction if it needs one: 1.5. A string such as "1m30s" is read too;
//   - a time.Time is a string as in RFC 3339, a []byte is a string in base64;
//   - maps are written in the order of their keys, a nil slice is [] and a nil map is {};
//   - bytes in a string that are not UTF-8 are written as U+FFFD: one odd name does not spoil a whole answer;
//   - into an any go bool, string, []any and map[string]any as with encoding/json. A number that is written without
//     a point and without an exponent is an int64, or a uint64 if it fits only there, and beyond that a jsontext.Value, which
//     keeps its digits; any other number, and -0, is a float64. So what was read is written as the same number, but a
//     float64 without a fraction, whose JSON has no point, is read as an integer.
//
// Everything else is as in github.com/go-json-experiment/json, which does the work.
//
// All functions may be called from any goroutine.
package strictjson

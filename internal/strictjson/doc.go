// Package strictjson is JSON as it travels on the control socket: a program that reads it never has to guess.
//
// Read it in this order:
//
//   - strictjson.go: [Marshal], [Unmarshal] and [Check];
//   - duration.go: a time.Duration is a number of seconds;
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
//   - into an interface go bool, float64, string, []any and map[string]any, as with encoding/json. Who needs integers
//     beyond 2⁵³ there takes a jsontext.Value.
//
// Everything else is as in github.com/go-json-experiment/json, which does the work.
//
// All functions may be called from any goroutine.
package strictjson

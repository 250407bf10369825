package rpc

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/internal/xmlrpc"
)

// fault is the answer to an entry of system.multicall that failed.
type fault struct {
	Code    int    `json:"faultCode"`
	Message string `json:"faultString"`
}

// multicall runs the calls in a list. All results together have the size limit
// of one.
func (x *exchange) multicall(calls jsontext.Value) ([]any, *Error) {
	if calls.Kind() != '[' {
		return nil, errorf(CodeMulticall, "system.multicall takes a list of calls, each with methodName and params")
	}
	list, more := elements(calls, x.r.limits.Batch)
	if more {
		return nil, errorf(CodeSystem, "system.multicall has %d calls at most: none was run", x.r.limits.Batch)
	}
	results := make([]any, 0, len(list))
	size := 0
	for _, entry := range list {
		if size > x.r.limits.Result {
			results = append(results, fault{CodeSystem, "not run: the results before this one fill the answer; send fewer calls"})
			continue
		}
		result, n, err := x.entry(entry)
		if err != nil {
			results = append(results, fault{err.Code, err.Message})
			continue
		}
		size += n
		results = append(results, []any{result})
	}
	return results, nil
}

// entry runs one call of system.multicall and returns its result, which is
// encoded already, and how many bytes that takes.
func (x *exchange) entry(text []byte) (result any, size int, err *Error) {
	misuse := func(what string) (any, int, *Error) {
		return nil, 0, errorf(CodeMulticall, "a call in system.multicall is a struct with methodName and params: %s", what)
	}
	if kindOf(text) != '{' {
		return misuse("this is not one")
	}
	var name string
	params := []byte("[]")
	list, _ := members(text, 3) // one more than allowed
	for _, m := range list {
		switch {
		case m.name == "methodName" && kindOf(m.value) == '"':
			_ = strictjson.Unmarshal(m.value, &name) // a string, checked
		case m.name == "params" && (kindOf(m.value) == '[' || kindOf(m.value) == '{'):
			params = m.value
		case m.name == "methodName":
			return misuse("methodName is a string")
		case m.name == "params":
			return misuse("params are a list")
		default:
			return misuse("there is no member " + cut(m.name, maxQuoted))
		}
	}
	switch name {
	case "":
		return misuse("methodName is missing")
	case "system.multicall":
		return nil, 0, errorf(CodeMulticallRecursion, "Recursive system.multicall forbidden")
	}
	out, err := x.call(name, params)
	if err != nil {
		return nil, 0, err
	}
	// It is encoded here, so that a result that cannot be encoded fails only its
	// own entry.
	if x.style == inXML {
		data, err := x.r.encoded(name, out, func(v any) ([]byte, error) { return xmlrpc.EncodeValue(v) })
		return xmlrpc.Value(data), len(data), err
	}
	data, err := x.r.encode(name, out)
	return jsontext.Value(data), len(data), err
}

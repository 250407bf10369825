package rpc

import "cmp"

// Limits bound what one request and one session cost. A field that is not above
// zero means the default.
type Limits struct {
	Request int // bytes of a request or batch; default 4 MiB
	Depth   int // nesting of values in a request, itself and the list of its parameters included; default 64
	Values  int // values in an XML-RPC request, those in lists and structs included; default 100,000
	Batch   int // requests in a batch, and calls in a system.multicall; default 100
	Result  int // bytes of a result, of all answers to a batch together, and of an item of a stream; default 16 MiB
	Streams int // streams of a session that run at the same time; default 8
}

var defaultLimits = Limits{Request: 4 << 20, Depth: 64, Values: 100_000, Batch: 100, Result: 16 << 20, Streams: 8}

// filled returns l with its defaults.
func (l Limits) filled() Limits {
	return Limits{
		Request: cmp.Or(max(l.Request, 0), defaultLimits.Request),
		Depth:   cmp.Or(max(l.Depth, 0), defaultLimits.Depth),
		Values:  cmp.Or(max(l.Values, 0), defaultLimits.Values),
		Batch:   cmp.Or(max(l.Batch, 0), defaultLimits.Batch),
		Result:  cmp.Or(max(l.Result, 0), defaultLimits.Result),
		Streams: cmp.Or(max(l.Streams, 0), defaultLimits.Streams),
	}
}

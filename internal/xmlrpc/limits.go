package xmlrpc

import "cmp"

// Limits bound a document. Zero fields mean the defaults.
type Limits struct {
	Size   int // bytes of the document; 4 MiB by default
	Depth  int // nesting of values, including the call and the list of its parameters; 64 by default, 1000 at most
	Values int // values in the document, including those in arrays and structs; 100,000 by default
}

func (l Limits) orDefaults() Limits {
	return Limits{
		Size:   cmp.Or(max(l.Size, 0), 4<<20),
		Depth:  min(cmp.Or(max(l.Depth, 0), 64), 1000),
		Values: cmp.Or(max(l.Values, 0), 100_000),
	}
}

const (
	maxTag   = 1024 // bytes of a tag or processing instruction: no element of XML-RPC needs a tenth of that
	maxQuote = 64   // bytes of the input that an error message may quote
)

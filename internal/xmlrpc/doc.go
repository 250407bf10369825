// Package xmlrpc turns XML-RPC documents into JSON and Go values into XML-RPC
// documents. It does no input or output and calls no method: a document comes
// in as bytes and goes out as bytes.
//
// Reading order: limits.go, errors.go, call.go and response.go (the API),
// charset.go and source.go (bytes become UTF-8), parser.go (tags and text),
// value.go, scalar.go and datetime.go (one kind of value each), marks.go and
// writer.go (writing).
//
// # What is read
//
//	<i1>, <i2>, <i8>                number; the range of the type is enforced; <ex:i1>, <ex:i2>, <ex:i8> too
//	<int>, <i4>                     number of up to 64 bits: many senders call all their integers so
//	<boolean>                       true for 1 and true, false for 0 and false
//	<double>, <float>, <ex:float>   number: decimal, with or without exponent; no NaN, no infinity. In JSON it has a point
//	                                or an exponent, 1.0, and so stays apart from an integer
//	<string>, or no type            string, white space and all
//	<dateTime.iso8601>              string of RFC 3339; see below
//	<base64>                        string of standard base64 with padding; white space within is taken out
//	<nil>, <ex:nil>                 null
//	<array>                         array
//	<struct>                        object; two members of one name are an error, and the name stands before the value
//
// White space is ignored around tags, numbers, booleans, dates and base64. It
// counts within a string and a member's name. A carriage return, with or
// without line feed, arrives as a line feed, as XML demands. Comments and
// processing instructions are skipped; attributes, except namespace
// declarations, are refused.
//
// A dateTime.iso8601 is 19980717T14:08:55 or 1998-07-17T14:08:55. The colons of
// the time may be missing; so may the seconds, and a fraction of up to nine
// digits may follow them. At the end there may be Z or an offset from UTC such
// as +02:00, +0200 or +02. Without an offset the time is in UTC.
//
// Documents are in UTF-8, US-ASCII or ISO-8859-1 according to their XML
// declaration, by default in UTF-8; or in UTF-16 with a byte order mark. The
// charset of HTTP takes precedence over the declaration: see [ParseCall].
//
// # What is written
//
// A value is written as the JSON package github.com/go-json-experiment/json
// would, with the same tags and methods, so that a client sees the same names
// and members in either protocol. XML-RPC distinguishes more types than JSON:
//
//	integers                  <int> if it fits 32 bits, else <i8>; an error beyond 64 bits with sign
//	floats, time.Duration     <double>; a duration in seconds
//	time.Time                 <dateTime.iso8601> as 19980717T14:08:55, in UTC, cut to the second: what all clients can read
//	[]byte, [N]byte           <base64>
//	nil pointers, interfaces  <nil/>
//	nil slices and maps       empty <array> and <struct>
//
// Types that write their own JSON or text are written by its content: a number
// with a point or an exponent is a <double>, all other numbers are integers.
//
// XML cannot carry most control characters. Such a character, and any byte that
// is not UTF-8, is replaced by U+FFFD, so that one odd log line does not cost
// the whole answer.
//
// # Hostile input
//
// Document types are refused, so the only entities are the five of XML. Size,
// nesting and number of values are limited, and so is the length of a single
// tag with its attributes. Time and memory are proportional to the length of
// the document. Bad input is an [*Error] and never a panic; error messages
// quote no more than a few bytes of the input.
//
// # Concurrency
//
// All functions are pure: any goroutine may call them. A value must not change
// while it is being encoded.
package xmlrpc

// Package rpc holds the methods of a daemon and answers requests to them: bytes
// in, bytes out. It knows JSON-RPC 2.0, XML-RPC and a line protocol with
// streams; the package's user owns connections, HTTP and the identity of
// callers.
//
// Read it in this order:
//
//   - role.go, caller.go, error.go, limits.go, audit.go: the words;
//   - method.go and registry.go: a method, and the set of them; either.go: a
//     parameter of either of two types;
//   - exchange.go: how a method runs, whichever protocol asked for it;
//     params.go: how it gets its parameters; count.go: how answers are counted;
//   - jsonrpc.go with request.go, xml.go: the protocols; split.go takes JSON
//     apart; turn.go: large requests, one at a time;
//   - session.go, lower.go, stream.go: the line protocol; open.go, query.go: a
//     stream for each request;
//   - own.go, multicall.go, introspect.go, schema.go: the methods that belong
//     to the protocols.
//
// # Requests
//
// JSON-RPC is https://www.jsonrpc.org/specification, 2.0 only: batches,
// notifications, parameters by name and by position. An id comes back byte for
// byte, numbers of any length and with fractions included. Beyond what the
// specification asks for, a request is refused if it has a name twice, if it
// has a member other than jsonrpc, method, params and id (in lower case), or if
// text follows it; see package strictjson.
//
// XML-RPC is http://xmlrpc.com/spec.md with the extensions of package xmlrpc.
// Parameters are by position; a single struct gives them by name, if the
// method's parameters have names of their own (In is a struct): a method whose
// one parameter is a struct gets it inside another struct. In both protocols,
// null for an optional parameter leaves it out.
//
// Where a parameter is an any, integers keep all their digits, and a double of
// XML-RPC stays a double; see package strictjson. A double is not an integer,
// not even 1.0.
//
// The requests of a batch, and the calls of a system.multicall, run one after
// the other, in order. When the request's context ends, the remaining ones are
// not run.
//
// # Errors
//
//	-32700  Parse error: not JSON, not XML, a duplicate name
//	-32701  XML in an encoding that is not read
//	-32702  XML with a character that its encoding does not have
//	-32600  Invalid Request: not a request; JSON nested too deeply; a stream where streams are not possible
//	-32601  Method not found
//	-32602  Invalid params: the message names the parameter and says what is expected
//	-32603  Internal error: the method panicked or called runtime.Goexit, or its result cannot be sent
//	-32500  the method returned an error (or a code of its own, see Options.Fault)
//	-32400  a limit was reached, XML is nested too deeply, or the caller no longer waits for the answer
//	-32300  the transport; for the owner of the connections
//	-32001  the caller's role does not allow it
//	-31000  an entry of system.multicall is not a call
//	-31001  system.multicall in system.multicall
//
// "Parse error", "Invalid Request" and "Method not found" are the whole message
// where the examples in the specification say no more; where we refuse more
// than it does, the reason follows.
//
// # Limits
//
//	bytes of a request                           4 MiB    Limits.Request
//	values in each other, the request and the
//	list of its parameters included              64       Limits.Depth
//	values in an XML-RPC request                 100,000  Limits.Values
//	requests in a batch, calls in a multicall    100      Limits.Batch
//	bytes of a result, of all answers to a batch
//	or multicall, of an item of a stream         16 MiB   Limits.Result
//	streams of a session at the same time        8        Limits.Streams
//	bytes of a method's name                     128
//	bytes of an error's message                  64 KiB
//	bytes of the parameters in an audit record   1 KiB
//
// Over a limit there is one error and nothing is run. A request that is too
// large, nested too deeply or a batch of too many is refused before the rest of
// it is checked for JSON. Two limits are checked later. A result can be
// measured only after the method has run. And once the answers to a batch have
// filled 16 MiB the requests that come after are answered with errors that say
// that they were not run; notifications are run. So an answer has at most 32
// MiB, plus some bytes for each of its errors.
//
// Requests of more than 64 KiB are taken apart one at a time, and for half of
// the time at most, in the order in which they come: so a flood of them leaves
// a processor for all others. One whose caller has gone meanwhile is not run.
//
// # The line protocol
//
// Each line from the client is a request or a batch of JSON-RPC, each line to
// it an answer or a notification. Requests run one at a time and are answered
// in order. A request for a stream is answered with the stream's number; after
// that answer, and between all others, come the items, each in a notification
// with the name of the method:
//
//	→ {"jsonrpc":"2.0","method":"log.follow","params":{"lines":1},"id":1}
//	← {"jsonrpc":"2.0","result":{"stream":1},"id":1}
//	← {"jsonrpc":"2.0","method":"log.follow","params":{"stream":1,"item":{"level":"info","message":"ready"}}}
//	→ {"jsonrpc":"2.0","method":"rpc.cancel","params":{"stream":1},"id":2}
//	← {"jsonrpc":"2.0","result":true,"id":2}
//	← {"jsonrpc":"2.0","method":"log.follow","params":{"stream":1,"end":true}}
//
// A stream ends by itself, when the client says rpc.cancel, or with the
// connection. Its last line has "end":true, and "error":{"code":…,"message":…}
// if the method ended with an error; it may come before the answer to
// rpc.cancel. That answer is false if the stream was no longer running. Numbers
// begin at 1 and are not reused. Nothing is buffered: while the client does not
// read, a stream waits.
//
// rpc.auth with {"token":"…"} gives the connection to the token's owner and
// answers {"name":"…","role":"…"}. Running streams go on.
//
// rpc.lower with {"role":"read","as":"ana"} takes rights away for the rest of
// the connection, from tokens too, and answers the same, with the role that is
// left. Running streams end, since they began with the rights before. as is the
// person for whom the client acts; the audit log has it beside who the client
// is. Over HTTP there is neither method: what a request may do must not depend
// on the connection that it happens to come by.
//
// Without a session, [Registry.Open] gives one stream for each request, for
// server-sent events.
//
// # Who may do what
//
// Each method asks for a role; the caller in the context ([WithCaller]) has
// one. The protocols' own methods ask for the role read, rpc.auth, rpc.lower
// and rpc.cancel for none. Introspection shows all methods to every caller who
// may use it. Options.Audit is told of refusals and of changes.
//
// # Concurrency
//
// A Registry may be used, and added to, from any goroutine. Each method runs in
// a goroutine of its own, which ends before the answer; a stream of a session
// goes on, and [Session.Close] waits for it.
package rpc

// Package rpc holds the methods of a daemon and answers requests to them: bytes
// in, bytes out. It knows JSON-RPC 2.0, XML-RPC and a line protocol with
// streams; connections, HTTP and who a caller is are the business of those who
// use it.
//
// Read it in this order:
//
//   - role.go, caller.go, error.go, limits.go, audit.go: the words;
//   - method.go and registry.go: a method, and the set of them; either.go: a
//     parameter of either of two types;
//   - exchange.go: how a method runs, whichever protocol asked for it;
//     params.go: how it gets its parameters;
//   - jsonrpc.go with request.go, xml.go: the protocols; split.go takes JSON
//     apart;
//   - session.go, stream.go: the line protocol; open.go, query.go: a stream for
//     each request;
//   - own.go, multicall.go, introspect.go, schema.go: the methods that belong
//     to the protocols.
//
// # Requests
//
// JSON-RPC is that of https://www.jsonrpc.org/specification, 2.0 only: batches,
// notifications, parameters by name and by position. An id comes back byte for
// byte, numbers of any length and with fractions included. Beyond what the
// specification asks for, a request is refused if a name in it is there twice,
// if it has a member other than jsonrpc, method, params and id (in lower case),
// or if text follows it; see package strictjson.
//
// XML-RPC is that of http://xmlrpc.com/spec.md with the extensions of package
// xmlrpc. Parameters are by position; a single struct gives them by name, if
// the method's parameters have names of their own (In is a struct): so a method
// whose one parameter is a struct gets it within another. A null in the place
// of an optional parameter leaves it out, in both protocols.
//
// Where a parameter is an any, integers stay integers of all their digits, and
// a double of XML-RPC stays one; see package strictjson. A double is no
// integer, not even 1.0.
//
// The requests of a batch, and the calls of a system.multicall, run one after
// the other, in order. When the request's context ends, those that have not
// begun are not run.
//
// # Errors
//
//	-32700  Parse error: no JSON, no XML, a name twice
//	-32701  XML in an encoding that is not read
//	-32702  XML with a character that its encoding does not have
//	-32600  Invalid Request: no request; JSON that is nested too deeply; a stream where there can be none
//	-32601  Method not found
//	-32602  Invalid params: the message names the parameter and says what is expected
//	-32603  Internal error: the method panicked or called runtime.Goexit, or its result cannot be sent
//	-32500  the method returned an error (or a code of its own, see Options.Fault)
//	-32400  a limit was reached, XML is nested too deeply, or nobody waits for the answer any more
//	-32300  the way the request came; for those who own the connections
//	-32001  the caller's role does not allow it
//	-31000  an entry of system.multicall is no call
//	-31001  system.multicall in system.multicall
//
// "Parse error", "Invalid Request" and "Method not found" are all that is said
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
// large, nested too deeply or a batch of too many is refused before anybody
// looks whether the rest of it is JSON. Two limits are seen later than that. A
// result can be measured only when there is one: the method has run. And once
// the answers to a batch have filled 16 MiB the requests that come after are
// answered with errors that say that they were not run; notifications are run.
// So an answer has 32 MiB at most, and some bytes for each of its errors.
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
// rpc.cancel. That answer is false if the stream was not running any more.
// Numbers begin at 1 and are not used again. Nothing is buffered: while the
// client does not read, a stream waits.
//
// rpc.auth with {"token":"…"} makes the connection that of the token's owner
// and answers {"name":"…","role":"…"}. Streams that run already go on.
//
// Without a session, [Registry.Open] gives one stream for each request, for
// server-sent events.
//
// # Who may do what
//
// Each method asks for a role; the caller in the context ([WithCaller]) has
// one. The protocols' own methods ask for the role read, rpc.auth and
// rpc.cancel for none. Introspection shows all methods to whoever may ask for
// it. What was refused, and what changed something, goes to Options.Audit.
//
// # Concurrency
//
// A Registry may be used, and added to, from any goroutine. Each method runs in
// a goroutine of its own, which has ended when there is an answer; a stream of
// a session goes on, and [Session.Close] waits for it.
package rpc

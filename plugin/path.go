package plugin

import (
	"context"
	"net/url"

	"github.com/legion-go/legion/internal/rpc"
)

// PathServer is a plugin that answers HTTP requests at the addresses of the
// control socket, beside Legion's own /rpc, /stream/, /healthz and /readyz.
// Paths is called in the daemon's process alone, when the control socket opens
// and for clients that ask by the method path.get, and must return the same
// each time. A lazy plugin that has not been made by then serves none. A path
// that is not valid, is Legion's own, or is another plugin's stops the start.
type PathServer interface{ Paths() []Path }

// Path is an HTTP path of the control socket. The rules for all of its requests
// apply: who the client is, how large and how slow it may be, how many requests
// run at the same time, and that requests of web pages are refused, unless Page
// says otherwise.
type Path struct {
	// Path begins with a slash. One that ends in a slash, as "/ui/", is for
	// everything below it, too; of several the longest counts.
	Path string
	// Methods are those that it answers; default: GET. HEAD comes with GET.
	Methods []string
	// Role is the least legion.Role that a client needs; default: legion.RoleRead.
	Role rpc.Role
	// Open lets in every client that may connect, whatever its role.
	Open bool
	// Page lets in what a page of this very address sends in a browser, and links
	// to an Open path from elsewhere. All else that comes from web pages is
	// refused, as for the paths without Page. On a loopback address and a Unix
	// socket the client must call the host by its address or as localhost.
	Page bool
	// Serve answers a request. It is called on a goroutine of the client's
	// connection, and so for several clients at the same time. ctx ends when the
	// client goes; legion.CallerOf tells who it is. A panic is an answer with the
	// status 500 and a record of the log.
	Serve func(ctx context.Context, r *Request) Response
}

// Request is an HTTP request for a [Path].
type Request struct {
	Method string
	Path   string // the whole of it, without its escapes; it has no segment of dots
	Query  url.Values
	Body   []byte // at most 4 MiB; valid until Serve returns

	// Field returns the value of a field of the head, by its name in any case: ""
	// if it is missing, the first one if there are several.
	Field func(name string) string
	// Methods are those of the daemon, for this client. They may be called until
	// Serve and Response.Stream have returned. For the method path.get they refuse
	// everything.
	Methods Methods
}

// Methods calls the daemon's methods for the client of a [Request], with its
// rights and no more: the daemon decides on each call, and its audit log says
// who asked. It may be used from several goroutines at once.
type Methods interface {
	// Lower returns them with fewer rights: the role is at most this one. as is
	// for whom the client acts, for the audit log; a name of one line.
	Lower(role rpc.Role, as string) Methods
	// Call answers a request or a batch of JSON-RPC, as POST /rpc does. The answer
	// is nil if none is wanted.
	Call(ctx context.Context, request []byte) (answer []byte)
	// Follow calls item with each item of a method that streams, as JSON on one
	// line. params is a JSON object. It returns nil when the stream or ctx ends,
	// and else why the stream could not begin, or broke off: at an error of item,
	// for instance.
	Follow(ctx context.Context, method string, params []byte, item func([]byte) error) error
}

// Response is the answer to a [Request].
type Response struct {
	Status int    // default: 200, or 204 without Type, Body and Stream
	Type   string // the media type of the body, the field Content-Type
	Body   []byte // at most 16 MiB

	// Stream sends the body in place of Body, as it comes. It is called on the
	// goroutine of the client's connection when Serve has returned. write sends a
	// piece at once, from any goroutine; it blocks until the client takes the
	// piece, and fails when that takes longer than Config.ControlTimeout. ctx ends
	// when the client goes and when the daemon stops: Stream must return then, and
	// the client is told that the body is whole. After an error or a panic it is
	// told that the body is not.
	Stream func(ctx context.Context, write func(piece []byte) error) error
	// Beat is sent when Stream has sent nothing for 15 s, so that everybody on the
	// way sees that it lives; default: nothing is.
	Beat []byte

	// Header has more fields: a name, its value, and so on. Date, Cache-Control:
	// no-store, X-Content-Type-Options: nosniff and the fields that say where the
	// answer ends are set by Legion and may not be among them.
	Header []string
}

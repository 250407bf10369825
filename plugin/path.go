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
// run at the same time, and that requests of web pages are refused.
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
}

// Response is the answer to a [Request].
type Response struct {
	Status int    // default: 200, or 204 without Type and Body
	Type   string // the media type of Body, the field Content-Type
	Body   []byte // at most 16 MiB

	// Header has more fields: a name, its value, and so on. Date, Cache-Control:
	// no-store, X-Content-Type-Options: nosniff and the fields that say where the
	// answer ends are set by Legion and may not be among them.
	Header []string
}

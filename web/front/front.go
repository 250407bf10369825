package front

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/web/ui"
)

// Daemon is the daemon to be shown: a *[legion.Daemon] of this process, or [At]
// an address. The front dials the first address that answers.
type Daemon interface {
	ControlAddresses() ([]string, error)
}

// At is the daemon at an address of a control socket, or the daemon of a name,
// as [client.Dial] understands it.
type At string

// ControlAddresses returns the address.
func (a At) ControlAddresses() ([]string, error) { return []string{string(a)}, nil }

// Options says who may see the daemon, and how it is reached.
type Options struct {
	// Authorize says who asks and what that person may do: it is called for every
	// request but those for the page's own files, which are the same for everyone,
	// from many goroutines. An error, or no role, refuses the request; the error's
	// text is sent. The role can only be less than what the daemon gives this
	// process. person is for the daemon's audit log; one person follows the daemon
	// in four windows at once, over HTTP/1. Required.
	Authorize func(*http.Request) (role legion.Role, person string, err error)
	// Client says how to connect to the daemon, as with a token or by TLS. Role and
	// As in it are not used. Default: nothing is needed, as on a Unix socket.
	Client client.Options
	// Log gets what goes wrong in the front itself. Default: slog.Default.
	Log *slog.Logger
}

// Handler shows a daemon in a server of the program, at any path that ends in a
// slash. The server must have a login that Authorize can rely on: everything
// that the handler refuses by itself is a request that comes from another site
// (see [http.CrossOriginProtection]). It panics without Authorize.
func Handler(d Daemon, o Options) http.Handler {
	if o.Authorize == nil {
		panic("front: Options.Authorize is missing: without it anybody could use the daemon")
	}
	f := newFront(d, o.Client, o.Log)
	f.admit = func(r *http.Request, _ string) (grant, func(), error) {
		role, person, err := o.Authorize(r)
		if err == nil && role < legion.RoleRead {
			err = errors.New("not allowed: this person has no role")
		}
		if err != nil {
			return grant{}, nil, &problem{http.StatusForbidden, err.Error()}
		}
		return grant{role, person}, func() {}, nil
	}
	f.each = true
	return f
}

// grant is what a person may do, at most.
type grant struct {
	role legion.Role
	as   string // for the audit log
}

// front serves a daemon's page.
type front struct {
	daemon   Daemon
	client   client.Options
	log      *slog.Logger
	files    files
	sessions sessions
	places   ui.Places
	cross    http.CrossOriginProtection

	host    string // the only value of the header field Host; "": any
	command string // shown before a command; "": the daemon's name
	each    bool   // admit is asked at every request, not only for a session
	admit   admit
}

// admit says what the person may do who sends a request with a token. keep is
// called when the session has not begun after all: the token was not used.
type admit func(r *http.Request, token string) (g grant, keep func(), err error)

func newFront(d Daemon, c client.Options, log *slog.Logger) *front {
	if log == nil {
		log = slog.Default()
	}
	return &front{daemon: d, client: c, log: log, files: ui.Files()}
}

// problem is an error of the front with its status.
type problem struct {
	status int
	text   string
}

func (p *problem) Error() string { return p.text }

func refuse(status int, format string, args ...any) error {
	return &problem{status, fmt.Sprintf(format, args...)}
}

// ServeHTTP answers a request. A panic ends the request alone: the client sees
// that the answer is not whole.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if v := recover(); v != nil {
			if v != http.ErrAbortHandler {
				f.log.Error("dashboard: a panic while answering", "path", r.URL.Path, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			}
			panic(http.ErrAbortHandler)
		}
	}()
	protect(w.Header())
	err := f.route(w, r)
	if err == nil {
		return
	}
	status := http.StatusInternalServerError
	if p, ok := errors.AsType[*problem](err); ok {
		status = p.status
	}
	http.Error(w, err.Error(), status)
}

// route finds what a request is for. With an error, nothing has been written.
func (f *front) route(w http.ResponseWriter, r *http.Request) error {
	if f.host != "" && r.Host != f.host {
		return refuse(http.StatusMisdirectedRequest, "this is %s, not %q", f.host, r.Host)
	}
	if err := f.cross.Check(r); err != nil {
		return refuse(http.StatusForbidden, "requests from other sites are refused: %v", err)
	}
	var serve func(http.ResponseWriter, *http.Request) error
	_, name := path.Split(r.URL.Path)
	switch method := r.Method; {
	case name == "session" && method == http.MethodPost:
		serve = f.begin
	case name == "session" && method == http.MethodDelete:
		serve = f.end
	case name == "rpc" && method == http.MethodPost:
		serve = f.rpc
	case name == "watch" && method == http.MethodPost:
		serve = f.watch
	case name == "rpc" || name == "watch" || name == "session":
		w.Header().Set("Allow", map[bool]string{true: "POST, DELETE", false: "POST"}[name == "session"])
		return refuse(http.StatusMethodNotAllowed, "%s is not for this path", method)
	default:
		return f.files.serve(w, r, name)
	}
	w.Header().Set("Cache-Control", "no-store")
	return serve(w, r)
}

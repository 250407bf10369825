package control

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/plugin"
)

// ownPaths are those that this package serves.
var ownPaths = []string{"/", "/rpc", "/RPC2", "/healthz", "/readyz", "/stream/"}

// checkPaths says what is wrong with the paths of Options.Paths.
func checkPaths(all []plugin.Path) error {
	taken := slices.Clone(ownPaths)
	for _, p := range all {
		wrong := func(format string, args ...any) error {
			return fmt.Errorf("the HTTP path %q: %w", p.Path, fmt.Errorf(format, args...))
		}
		switch {
		case slices.Contains(taken, p.Path):
			return wrong("it is served already")
		case strings.HasPrefix(p.Path, "/stream/"):
			return wrong("the paths below /stream/ are the methods that stream")
		case !strings.HasPrefix(p.Path, "/") || len(p.Path) > longestTarget || strings.ContainsFunc(p.Path, func(c rune) bool { return c <= ' ' || c >= 0x7F || strings.ContainsRune("%?#", c) }):
			return wrong("it must begin with a slash, and have printable ASCII only, without spaces, %%, ? and #")
		case p.Serve == nil:
			return wrong("it has no function Serve")
		case p.Role > rpc.Admin:
			return wrong("there is no role %d", p.Role)
		}
		for _, method := range p.Methods {
			if !isToken(method) || method != strings.ToUpper(method) || method == "HEAD" || len(method) > 32 {
				return wrong("the method %q: it must be one of HTTP, in capitals; HEAD comes with GET", method)
			}
		}
		taken = append(taken, p.Path)
	}
	return nil
}

// pathOf finds the path of Options.Paths that a request is for, or nil.
func (s *Server) pathOf(h *head) *plugin.Path {
	var found *plugin.Path
	for i, p := range s.options.Paths {
		fits := h.path == p.Path || strings.HasSuffix(p.Path, "/") && strings.HasPrefix(h.path, p.Path)
		if fits && (found == nil || len(p.Path) > len(found.Path)) {
			found = &s.options.Paths[i]
		}
	}
	return found
}

// routePath is the route of a request for a path of Options.Paths.
func (c *conn) routePath(h *head, p *plugin.Path) (route, *refusal) {
	to := route{name: h.method + " " + p.Path, role: cmp.Or(p.Role, rpc.Read)}
	if h.method == "HEAD" {
		to.name = "GET " + p.Path
	}
	if p.Open {
		to.role = rpc.None
	}
	methods := p.Methods
	if len(methods) == 0 {
		methods = []string{"GET"}
	}
	if !slices.Contains(methods, h.method) && !(h.method == "HEAD" && slices.Contains(methods, "GET")) {
		if i := slices.Index(methods, "GET"); i >= 0 {
			methods = slices.Insert(slices.Clone(methods), i+1, "HEAD")
		}
		why := httpRefusal(405, "%s is not for this path", h.method)
		why.header = []string{"Allow", strings.Join(methods, ", ")}
		return to, why
	}
	to.serve = func(ctx context.Context, body []byte) *response {
		registry := c.server.options.Registry
		answer := p.Serve(ctx, &plugin.Request{
			Method: h.method, Path: h.path, Query: h.query, Body: body,
			Field:   func(name string) string { return h.get(strings.ToLower(name)) },
			Methods: methodsFor{registry, rpc.CallerOf(ctx)},
		})
		if why := checkAnswer(&answer, registry.Limits().Result); why != "" {
			c.server.options.Log.Error("control: the answer of a plugin cannot be sent", "path", h.path, "why", why)
			return httpRefusal(500, "the answer cannot be sent: see the daemon's log").response(false)
		}
		return &response{
			status: answer.Status, kind: answer.Type, body: answer.Body, header: answer.Header, stream: answer.Stream, beat: answer.Beat,
		}
	}
	return to, nil
}

// methodsFor are the methods of a registry for one caller.
type methodsFor struct {
	registry *rpc.Registry
	caller   rpc.Caller
}

func (m methodsFor) Lower(role rpc.Role, as string) plugin.Methods {
	m.caller.Role, m.caller.As = min(m.caller.Role, role), as
	return m
}

func (m methodsFor) Call(ctx context.Context, request []byte) []byte {
	return m.registry.JSON(rpc.WithCaller(ctx, m.caller), request)
}

func (m methodsFor) Follow(ctx context.Context, method string, params []byte, item func([]byte) error) error {
	run, err := m.registry.Open(rpc.WithCaller(ctx, m.caller), method, params)
	if err != nil {
		return err
	}
	return run(item)
}

// checkAnswer says why an answer cannot be sent, "" if it can, and fills in its
// status.
func checkAnswer(r *plugin.Response, limit int) string {
	if r.Status == 0 {
		r.Status = 200
		if r.Type == "" && len(r.Body) == 0 && r.Stream == nil {
			r.Status = 204
		}
	}
	switch {
	case r.Status < 200 || r.Status > 599:
		return fmt.Sprintf("its status is %d", r.Status)
	case len(r.Body) > limit:
		return fmt.Sprintf("it has %d bytes, the limit is %d", len(r.Body), limit)
	case r.Stream != nil && len(r.Body) > 0:
		return "it has both a body and a stream"
	case (len(r.Body) > 0 || r.Stream != nil) && (r.Status == 204 || r.Status == 304):
		return fmt.Sprintf("an answer with the status %d has no body", r.Status)
	case !isFieldValue(r.Type):
		return "its type has control characters"
	case len(r.Header)%2 != 0:
		return "its header has a name without a value"
	}
	for i := 0; i < len(r.Header); i += 2 {
		name, value := r.Header[i], r.Header[i+1]
		if !isToken(name) || !isFieldValue(value) || slices.Contains(ownFields, strings.ToLower(name)) {
			return fmt.Sprintf("the field %q of its header is not allowed", name)
		}
	}
	return ""
}

// ownFields are those that plugins do not set: they say where an answer ends,
// or every answer has them.
var ownFields = []string{
	"cache-control", "connection", "content-length", "content-type", "date", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "x-content-type-options",
}

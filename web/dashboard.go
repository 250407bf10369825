package web

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/plugin"
	"github.com/legion-go/legion/web/ui"
)

// root is where the page is.
const root = "/ui/"

// Dashboard returns the plugin that serves the page at the path /ui/ of every
// address in Config.Control.
func Dashboard() legion.Plugin { return &dashboard{} }

type dashboard struct{ places ui.Places }

var _ plugin.PathServer = &dashboard{}

func (*dashboard) Name() string { return "dashboard" }

// Paths is for plugin.PathServer. The page's files, and the question whether a
// login is needed, are open to everyone; they tell nothing of the daemon.
func (d *dashboard) Paths() []plugin.Path {
	post := []string{"POST"}
	return []plugin.Path{
		{Path: "/ui", Open: true, Page: true, Serve: toRoot},
		{Path: root, Open: true, Page: true, Serve: file},
		{Path: root + "session", Methods: post, Open: true, Page: true, Serve: asking(session)},
		{Path: root + "rpc", Methods: post, Page: true, Serve: asking(rpc)},
		{Path: root + "watch", Methods: post, Page: true, Serve: asking(d.watch)},
	}
}

// answer is one with the header fields of the page.
func answer(status int, kind string, body []byte, more ...string) plugin.Response {
	return plugin.Response{Status: status, Type: kind, Body: body, Header: append(ui.Headers(), more...)}
}

func refuse(status int, format string, args ...any) plugin.Response {
	return answer(status, "text/plain; charset=utf-8", fmt.Appendf(nil, format+"\n", args...))
}

func inJSON(status int, v any) plugin.Response {
	body, _ := json.Marshal(v) // cannot fail
	return answer(status, "application/json", body)
}

// toRoot leads to the page.
func toRoot(context.Context, *plugin.Request) plugin.Response {
	return answer(308, "", nil, "Location", "ui/")
}

// file is one of the page's files.
func file(_ context.Context, r *plugin.Request) plugin.Response {
	name := strings.TrimPrefix(r.Path, root)
	if name == "" {
		name = "index.html"
	}
	f, found := ui.Files()[name]
	if !found {
		return refuse(404, "there is nothing at this path")
	}
	if f.Packed != nil && ui.TakesGzip(r.Field("Accept-Encoding")) {
		return answer(200, f.Type, f.Packed, "Content-Encoding", "gzip", "Vary", "Accept-Encoding")
	}
	return answer(200, f.Type, f.Plain, "Vary", "Accept-Encoding")
}

// asked is a request of the page, which may do what the daemon lets its client
// do, and no more than it asks for itself.
type asked struct {
	*plugin.Request
	role    legion.Role // 0: the client is unknown
	methods plugin.Methods
}

// asking serves requests that must come from the page: no form, and no page of
// another site, can send such a type and such a field.
func asking(serve func(context.Context, asked) plugin.Response) func(context.Context, *plugin.Request) plugin.Response {
	return func(ctx context.Context, r *plugin.Request) plugin.Response {
		kind, _, _ := strings.Cut(r.Field("Content-Type"), ";")
		if strings.TrimSpace(kind) != "application/json" {
			return refuse(415, "the Content-Type must be application/json")
		}
		want := r.Field("Legion-Role")
		if !slices.Contains([]string{"read", "operate", "admin"}, want) {
			return refuse(400, "the field Legion-Role must be read, operate or admin")
		}
		var role legion.Role
		_ = role.UnmarshalText([]byte(want)) // one of the three
		return serve(ctx, asked{r, min(role, legion.CallerOf(ctx).Role), r.Methods.Lower(role, as)})
	}
}

// as is for whom the page acts, in the audit log: the person is the one whose
// token or certificate it is.
const as = "dashboard"

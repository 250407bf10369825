package methods

import (
	"context"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/plugins"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/plugin"
)

// teller is a plugin with paths.
type teller struct{}

func (teller) Name() string { return "teller" }

func (teller) Paths() []plugin.Path {
	answer := func(_ context.Context, r *plugin.Request) plugin.Response {
		return plugin.Response{Type: "text/plain", Body: []byte(r.Method + " " + r.Field("ACCEPT"))}
	}
	return []plugin.Path{
		{Path: "/told", Serve: answer}, {Path: "/secret", Role: rpc.Admin, Serve: answer}, {Path: "/post", Methods: []string{"POST"}, Serve: answer},
		{Path: "/bytes", Serve: func(context.Context, *plugin.Request) plugin.Response { return plugin.Response{Body: []byte{0xff}} }},
	}
}

// withPlugins is a daemon with plugins.
type withPlugins struct {
	Daemon
	set plugins.Set
}

func (d *withPlugins) Plugins() *plugins.Set { return &d.set }

// A client gets a plugin's path as text, with the role that the path needs.
func TestPathGet(t *testing.T) {
	d := &withPlugins{set: plugins.Set{Attach: func(plugins.Plugin) error { return nil }}}
	if err := d.set.Add(teller{}); err != nil {
		t.Fatal(err)
	}
	ctx := rpc.WithCaller(t.Context(), rpc.Caller{Role: rpc.Read})
	accept := "text/x"
	got, err := caller{Daemon: d}.pathGet(ctx, pathIn{Path: "/told", Accept: &accept})
	if err != nil || got.Status != 200 || got.Type != "text/plain" || got.Body != "GET text/x" {
		t.Error(got, err)
	}
	for path, why := range map[string]string{
		"/nothing": "path: no plugin serves \"/nothing\"", "/post": "path: no plugin serves", "/secret": "needs the role admin, yours is read", "/bytes": "not text",
	} {
		if got, err := (caller{Daemon: d}).pathGet(ctx, pathIn{Path: path}); err == nil || !strings.Contains(err.Error(), why) {
			t.Error(path, got, err)
		}
	}
}

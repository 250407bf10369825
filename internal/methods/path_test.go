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
		{Path: "/pieces", Serve: func(context.Context, *plugin.Request) plugin.Response {
			return plugin.Response{Stream: func(context.Context, func([]byte) error) error { return nil }}
		}},
		{Path: "/calls", Serve: func(ctx context.Context, r *plugin.Request) plugin.Response {
			m := r.Methods.Lower(rpc.Read, "ana")
			return plugin.Response{Body: append(m.Call(ctx, []byte("{}")), m.Follow(ctx, "watch", nil, nil).Error()...)}
		}},
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
	if got, err := (caller{Daemon: d}).pathGet(ctx, pathIn{Path: "/calls"}); err != nil || strings.Count(got.Body, "ask for it over HTTP") != 2 {
		t.Error(got, err)
	}
	for path, why := range map[string]string{
		"/nothing": "path: no plugin serves \"/nothing\"", "/post": "path: no plugin serves", "/secret": "needs the role admin, yours is read", "/bytes": "not text", "/pieces": "ask for it over HTTP",
	} {
		if got, err := (caller{Daemon: d}).pathGet(ctx, pathIn{Path: path}); err == nil || !strings.Contains(err.Error(), why) {
			t.Error(path, got, err)
		}
	}
}

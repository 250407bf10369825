package legion_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/plugin"
)

// greeter is a plugin with an HTTP path.
type greeter struct{ path string }

func (g *greeter) Name() string { return "greeter" }

func (g *greeter) Paths() []plugin.Path {
	return []plugin.Path{{Path: g.path, Role: legion.RoleOperate, Serve: func(ctx context.Context, r *plugin.Request) plugin.Response {
		return plugin.Response{Type: "text/plain", Body: []byte("hello " + legion.CallerOf(ctx).Role.String())}
	}}}
}

// getAt asks an address of the control socket for a path.
func getAt(t *testing.T, address, path, token string) (status int, body string) {
	t.Helper()
	network, where, _ := strings.Cut(address, "://")
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, where)
	}}
	defer transport.CloseIdleConnections()
	q, err := http.NewRequestWithContext(t.Context(), "GET", "http://localhost"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	r, err := (&http.Client{Transport: transport}).Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// A plugin's path answers at every address of the control socket, to those who
// have its role.
func TestPluginPath(t *testing.T) {
	legiontest.CheckLeaks(t)
	const reader, operator = "reader-of-this-test", "operator-of-this-test"
	c := newControlled(t, func(conf *legion.Config) {
		conf.Control += " tcp://127.0.0.1:0"
		conf.Access = map[string]legion.Role{"token:reader:" + reader: legion.RoleRead, "token:operator:" + operator: legion.RoleOperate}
	})
	c.d.Use(&greeter{path: "/greet"})
	c.start()
	addresses, err := c.d.ControlAddresses()
	if err != nil || len(addresses) != 2 {
		t.Fatal(addresses, err)
	}
	for _, test := range []struct {
		address, token string
		status         int
		body           string
	}{
		{addresses[0], "", 200, "hello admin"},
		{addresses[1], operator, 200, "hello operate"},
		{addresses[1], reader, 403, "/greet needs the role operate, yours is read"},
		{addresses[1], "", 401, "not allowed"},
	} {
		if status, body := getAt(t, test.address, "/greet", test.token); status != test.status || !strings.Contains(body, test.body) {
			t.Errorf("%s with %q: %d %q, want %d %q", test.address, test.token, status, body, test.status, test.body)
		}
	}
}

// A path that is Legion's own stops the start.
func TestPluginPathTaken(t *testing.T) {
	legiontest.CheckLeaks(t)
	c := newControlled(t, nil)
	c.d.Use(&greeter{path: "/readyz"})
	if err := c.d.Start(t.Context()); err == nil || !strings.Contains(err.Error(), `the HTTP path "/readyz": it is served already`) {
		t.Error(err)
	}
}

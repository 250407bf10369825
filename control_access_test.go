package legion_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/status"
)

func TestControlRolesAndAudit(t *testing.T) {
	const reader, operator = "reader-0123456789abcdef", "operator-0123456789abcdef"
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("ops:"+operator+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newControlled(t, func(conf *legion.Config) {
		conf.Control += " tcp://127.0.0.1:0"
		conf.Access = map[string]legion.Role{"token:" + reader: legion.RoleRead, "token-file:" + file: legion.RoleOperate}
	})
	connected := make(chan event.ClientConnected, 10)
	legion.On(c.d, func(_ context.Context, e event.ClientConnected) error { connected <- e; return nil })
	c.start()
	var tcp string
	for _, a := range ask[status.Daemon](t, c.dial(), "daemon.status", nil).Control {
		if strings.HasPrefix(a, "tcp://") {
			tcp = a
		}
	}
	as := func(token string) *client.Client {
		cl, err := client.Dial(t.Context(), tcp, client.Options{Token: token})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cl.Close() })
		return cl
	}
	r, o := as(reader), as(operator)
	ask[status.Daemon](t, r, "daemon.status", nil)
	refused(t, r, "pool.pause", nil, -32001, "operate")
	ask[bool](t, o, "pool.pause", args{"pool": "spare"})
	refused(t, o, "daemon.stop", nil, -32001, "admin")
	if _, err := client.Dial(t.Context(), tcp, client.Options{Token: "a-wrong-token-0123456789"}); err == nil {
		t.Error("a wrong token is let in")
	}
	ask[bool](t, c.dial(), "pool.resume", nil)
	log := c.log.String()
	for _, want := range []string{
		`msg="audit: refused" daemon=controlled who=token role=read`, `method=pool.pause`,
		`msg="audit: done" daemon=controlled who="token ops" role=operate`, `params="{\"pool\":\"spare\"}"`,
		`msg="audit: refused" daemon=controlled who="token ops" role=operate`, `method=daemon.stop`,
		fmt.Sprintf(`who="uid %d pid %d" role=admin`, os.Getuid(), os.Getpid()),
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %s:\n%s", want, log)
		}
	}
	for _, secret := range []string{reader, operator} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has the token %s", secret)
		}
		if s := fmt.Sprint(ask[[]status.Setting](t, r, "config.show", nil)); strings.Contains(s, secret) {
			t.Errorf("config.show has the token %s", secret)
		}
	}
	if len(connected) == 0 {
		t.Error("there was no ClientConnected")
	}
}

func TestControlConfigMistakes(t *testing.T) {
	for want, change := range map[string]func(*legion.Config){
		"give none alone, or addresses": func(c *legion.Config) { c.Control = "none unix:" },
		"anyone":                        func(c *legion.Config) { c.Control = "tcp://0.0.0.0:7070?anyone=read" },
		"pigeon":                        func(c *legion.Config) { c.Control = "pigeon:coop" },
		"Config.Access":                 func(c *legion.Config) { c.Access = map[string]legion.Role{"friend": legion.RoleRead} },
		"token:…":                       func(c *legion.Config) { c.Access = map[string]legion.Role{"token:short": legion.RoleRead} },
		"no such file":                  func(c *legion.Config) { c.Access = map[string]legion.Role{"token-file:/no/such/file": legion.RoleRead} },
		"127.0.0.1:0":                   func(c *legion.Config) { c.Control = "tcp://127.0.0.1:0" }, // no client could use it
		"0644": func(c *legion.Config) {
			c.Access = map[string]legion.Role{"token-file:" + tokenFile(t, 0o644): legion.RoleAdmin}
		},
		"not a directory": func(c *legion.Config) { c.Control = "unix:///dev/null/x" },
		"/etc/passwd":     func(c *legion.Config) { c.Control = "unix:///etc/passwd" },
		"bad/file": func(c *legion.Config) { // though only the default socket is used
			c.Control, c.RuntimeDir = "", t.TempDir()
			c.Access = map[string]legion.Role{"token-file:bad/file": legion.RoleRead}
		},
	} {
		c := newControlled(t, change)
		err := c.d.Start(t.Context())
		if err == nil {
			_ = c.d.Stop(context.Background())
			t.Errorf("%s: it starts", want)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got: %v", want, err)
		}
	}
}

// tokenFile returns a file with a token and the given mode.
func tokenFile(t *testing.T, mode os.FileMode) string {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("ci:token-0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

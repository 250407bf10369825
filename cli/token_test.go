package cli

import (
	"bytes"
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/legiontest"
)

// A daemon that is reached by TCP alone, with a token, is reached by its own
// command line and by that of a tool, with the same variable.
func TestTokenFromTheEnvironment(t *testing.T) {
	legiontest.CheckLeaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "tcp://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	const secret = "a-token-of-this-test-with-32-bytes"
	dir := t.TempDir()
	c := legion.Config{
		Name: "thumbs", RuntimeDir: dir, LogFile: filepath.Join(dir, "log"),
		Control: address, Access: map[string]legion.Role{"token:" + secret: legion.RoleRead},
	}
	d := legion.New(c)
	d.InProcess()
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Stop(context.Background()) })
	for _, p := range []*program{newProgram(legion.New(c), nil), newProgram(nil, nil)} {
		args := []string{"func", "ls"}
		if p.daemon == nil {
			p.tool = &Tool{}
			args = append(args, address)
		}
		run := func() (int, string) {
			var out bytes.Buffer
			p.stdout, p.stderr = &printer{w: &out}, &printer{w: &out}
			return p.main(t.Context(), args), out.String()
		}
		if code, text := run(); code != ExitNotAllowed || !strings.Contains(text, "LEGION_TOKEN_FILE") {
			t.Errorf("without a token: exit code %d, %s", code, text)
		}
		t.Setenv("LEGION_TOKEN", secret)
		if code, text := run(); code != ExitOK {
			t.Errorf("with the token: exit code %d, %s", code, text)
		}
		t.Setenv("LEGION_TOKEN", "")
	}
}

// byTLS is the TLS of a daemon, of a package that this one does not link.
type byTLS struct{ legion.ControlTLS }

func (byTLS) FromEnvironment(address string) (client.Options, error) {
	return client.Options{Token: "for " + address}, nil
}

func TestOwnDaemonByItsTLS(t *testing.T) {
	d := legion.New(legion.Config{Name: "thumbs", ControlTLS: byTLS{}})
	if o, err := ownOptions(d, "tcp://h:1"); err != nil || o.Token != "for tcp://h:1" {
		t.Errorf("got %+v, %v", o, err)
	}
}

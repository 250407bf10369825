package sandbox_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/legion-go/legion/sandbox"
)

func TestValidate(t *testing.T) {
	for _, s := range []*sandbox.Sandbox{
		nil, {}, {Read: []string{"/a"}, Write: []string{"/b/"}, Setup: []string{"/"}, Network: sandbox.TCP(5432, 443, 443), Exec: true, CPU: 0.05},
		{Network: sandbox.AnyNetwork, Env: []string{"*"}},
	} {
		if err := s.Validate(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
	for _, c := range []struct {
		field string
		box   sandbox.Sandbox
	}{
		{"Read[0]", sandbox.Sandbox{Read: []string{"a"}}},
		{"Write[1]", sandbox.Sandbox{Write: []string{"/a", ""}}},
		{"Setup[0]", sandbox.Sandbox{Setup: []string{"/a\x00"}}},
		{"Setup", sandbox.Sandbox{Setup: make([]string, 1000)}},
		{"Network", sandbox.Sandbox{Network: sandbox.TCP()}},
		{"Network", sandbox.Sandbox{Network: sandbox.TCP(443, 65536)}},
		{"Exec", sandbox.Sandbox{Exec: true}},
		{"Env[0]", sandbox.Sandbox{Env: []string{"=B"}}},
		{"Env[1]", sandbox.Sandbox{Env: []string{"A=B*", "A*=B"}}},
		{"FileSize", sandbox.Sandbox{FileSize: 5}},
		{"Threads", sandbox.Sandbox{Threads: 7}},
		{"User", sandbox.Sandbox{User: "a\x00"}},
		{"CPU", sandbox.Sandbox{CPU: 0.01}},
		{"CPU", sandbox.Sandbox{CPU: -1}},
		{"FileSize", sandbox.Sandbox{FileSize: 1 << 63}},
		{"Threads", sandbox.Sandbox{Threads: -1}},
	} {
		err := c.box.Validate()
		if at := (*sandbox.FieldError)(nil); !errors.As(err, &at) || at.Field != c.field || !strings.HasPrefix(err.Error(), "Sandbox."+c.field+" ") {
			t.Errorf("%+v: %v", c.box, err)
		}
	}
	err := (&sandbox.Sandbox{Read: []string{"a", "/b", "c"}, Threads: -1}).Validate()
	if got := strings.Count(err.Error(), "Sandbox."); got != 3 {
		t.Errorf("not each mistake is reported: %v", err)
	}
}

func TestClone(t *testing.T) {
	if (*sandbox.Sandbox)(nil).Clone() != nil {
		t.Error("nothing becomes something")
	}
	full := func() *sandbox.Sandbox {
		return &sandbox.Sandbox{Read: []string{"/a"}, Write: []string{"/b"}, Setup: []string{"/c"}, Network: sandbox.TCP(443), Env: []string{"A"}, Strict: true}
	}
	s := full()
	c := s.Clone()
	s.Read[0], s.Write[0], s.Setup[0], s.Env[0], s.Strict = "", "", "", "", false
	if !reflect.DeepEqual(c, full()) {
		t.Errorf("%+v", c)
	}
}

func TestNetworkAsText(t *testing.T) {
	for _, n := range []sandbox.Network{sandbox.NoNetwork, sandbox.AnyNetwork, sandbox.TCP(443), sandbox.TCP(5432, 443)} {
		text, _ := n.MarshalText()
		var back sandbox.Network
		if err := back.UnmarshalText(text); err != nil || back != n {
			t.Errorf("%q becomes %v, %v", text, back, err)
		}
	}
	for text, want := range map[string]sandbox.Network{"": sandbox.NoNetwork, "tcp:5432, 443": sandbox.TCP(443, 5432)} {
		var n sandbox.Network
		if err := n.UnmarshalText([]byte(text)); err != nil || n != want {
			t.Errorf("%q becomes %v, %v", text, n, err)
		}
	}
	for _, text := range []string{"tcp", "tcp:", "tcp:0", "tcp:1-2", "tcp:65536", "udp:53", "443"} {
		var n sandbox.Network
		if err := n.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %v", text, n)
		}
	}
	if sandbox.TCP(443, 443, 80) != sandbox.TCP(80, 443) {
		t.Error("the order of ports matters")
	}
}

func TestForbiddenInWords(t *testing.T) {
	f := &sandbox.Forbidden{Call: "socket", Args: "AF_INET, SOCK_STREAM", Rule: "Network", Where: "webp.fetch (webp.go:14)"}
	if got, want := f.String(), "called socket(AF_INET, SOCK_STREAM), which Sandbox.Network does not allow: it was in webp.fetch (webp.go:14)"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	if got, want := (&sandbox.Forbidden{Call: "ptrace"}).String(), "called ptrace(), which no Sandbox allows"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

package control

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]struct {
		a    Address
		mode fs.FileMode
	}{
		"unix:///run/x/control.sock":                     {Address{Network: "unix", Addr: "/run/x/control.sock"}, 0o600},
		"/run/x/control.sock":                            {Address{Network: "unix", Addr: "/run/x/control.sock"}, 0o600},
		"unix:///c.sock?mode=0666&group=ops":             {Address{Network: "unix", Addr: "/c.sock", Mode: 0o666, Group: "ops"}, 0o666},
		"unix:///c.sock?group=7":                         {Address{Network: "unix", Addr: "/c.sock", Group: "7"}, 0o660},
		"unix:":                                          {Address{Network: "unix"}, 0o600},
		"unix:?mode=660":                                 {Address{Network: "unix", Mode: 0o660}, 0o660},
		"tcp://127.0.0.1:7070?anyone=read":               {Address{Network: "tcp", Addr: "127.0.0.1:7070", Anyone: rpc.Read}, 0o600},
		"tcp://[::1]:7070?anyone=admin":                  {Address{Network: "tcp", Addr: "[::1]:7070", Anyone: rpc.Admin}, 0o600},
		"tcp://[::ffff:127.0.0.1]:7070?anyone=operate":   {Address{Network: "tcp", Addr: "[::ffff:127.0.0.1]:7070", Anyone: rpc.Operate}, 0o600},
		"tcp://localhost:0?anyone=read":                  {Address{Network: "tcp", Addr: "localhost:0", Anyone: rpc.Read}, 0o600},
		"tcp://0.0.0.0:7070?plain=yes":                   {Address{Network: "tcp", Addr: "0.0.0.0:7070", Plain: true}, 0o600},
		"tcp://:7070":                                    {Address{Network: "tcp", Addr: ":7070"}, 0o600},
		"tcp://example.org:7070?plain=no":                {Address{Network: "tcp", Addr: "example.org:7070"}, 0o600},
		"unix:///run/a%20b/c.sock":                       {Address{Network: "unix", Addr: "/run/a%20b/c.sock"}, 0o600},
		"unix:///run/x/control.sock?group=domain%20user": {Address{Network: "unix", Addr: "/run/x/control.sock", Group: "domain user"}, 0o660},
	} {
		got, err := ParseAddress(text)
		if err != nil || got != want.a || got.mode() != want.mode {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for text, says := range map[string]string{
		"":                                    "unix:///path",
		"none":                                "unix:///path",
		"http://127.0.0.1:1":                  "unix:///path",
		"unix://run/x.sock":                   "three slashes",
		"unix:run":                            "unix:///path",
		"unix:///run/../x.sock":               "/x.sock",
		"unix:///run/":                        "/run",
		"unix:///a\x00b":                      "zero",
		"unix:///" + long:                     "107",
		"unix:///x?mode=9":                    "octal",
		"unix:///x?mode=0":                    "octal",
		"unix:///x?mode=01777":                "three digits",
		"unix:///x?mode=0440":                 "owner",
		"unix:///x?mode=0600&mode=0666":       "once",
		"unix:///x?mode=":                     "once",
		"unix:///x?anyone=read":               "not a parameter",
		"unix:///x?colour=red":                "not a parameter",
		"unix:///x?%zz":                       "escape",
		"tcp://127.0.0.1":                     "port",
		"tcp://127.0.0.1:http":                "port",
		"tcp://127.0.0.1:99999":               "port",
		"tcp://127.0.0.1:+1":                  "port",
		"tcp://::1:7070":                      "brackets",
		"tcp://u@127.0.0.1:1":                 "more than host and port",
		"tcp://127.0.0.1:1/x":                 "port",
		"tcp://0.0.0.0:1?anyone=read":         "loopback",
		"tcp://:1?anyone=read":                "loopback",
		"tcp://[::]:1?anyone=read":            "loopback",
		"tcp://localhost.x.org:1?anyone=read": "loopback",
		"tcp://127.0.0.1:1?anyone=me":         "none, read, operate or admin",
		"tcp://127.0.0.1:1?plain=maybe":       "yes or no",
		"tcp://127.0.0.1:1?mode=0600":         "not a parameter",
	} {
		if got, err := ParseAddress(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

var long = strings.Repeat("x", 200)

// FuzzAddress: what is read is written so that it is read again.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"unix:///x?mode=0660&group=a%26b", "tcp://[::1]:1?anyone=read&plain=yes", "/x", "unix:", "tcp://a:1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAddress(text)
		if err != nil {
			return
		}
		again, err := ParseAddress(a.String())
		if err != nil || again != a {
			t.Fatalf("%q: %+v, %q, %+v, %v", text, a, a.String(), again, err)
		}
	})
}

func TestParseAddresses(t *testing.T) {
	for list, want := range map[string]string{"": "[unix://]", " none ": "[]", "/a/b\t tcp://127.0.0.1:1": "[unix:///a/b tcp://127.0.0.1:1]"} {
		if all, err := ParseAddresses(list); err != nil || fmt.Sprint(all) != want {
			t.Errorf("%q: %v, %v", list, all, err)
		}
	}
	for list, says := range map[string]string{"/a none": "give none alone, or addresses", "none none": "give none alone, or addresses", "/a http://b": `"http://b"`} {
		if all, err := ParseAddresses(list); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, %v", list, all, err)
		}
	}
}

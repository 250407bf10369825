package control

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

func init() {
	// say PATH TEXT: what is answered to the text.
	parts["say"] = func(args []string) {
		c, err := net.Dial("unix", args[0])
		if err != nil {
			fmt.Print("connect: ", err)
			return
		}
		_ = c.SetDeadline(time.Now().Add(hang))
		if _, err := io.WriteString(c, args[1]); err != nil {
			fmt.Print("write: ", err)
		}
		_ = c.(*net.UnixConn).CloseWrite()
		b, err := io.ReadAll(c)
		fmt.Printf("%s", b)
		if err != nil {
			fmt.Print("read: ", err)
		}
	}
	// crowd PATH: connects until it is refused, says how often, and stays until its
	// input ends.
	parts["crowd"] = func(args []string) {
		var all []net.Conn
		for range 600 {
			c, err := net.Dial("unix", args[0])
			if err != nil {
				break
			}
			_, _ = io.WriteString(c, `{"jsonrpc":"2.0","id":1,"method":"rpc.auth","params":["`+args[1])
			all = append(all, c)
		}
		fmt.Print(len(all))
	}
}

// Who has no role is told so in the protocol that it speaks, with its number,
// and what to do; nothing of what it asked for is done, and what it tried is
// logged.
func TestStranger(t *testing.T) {
	needsRoot(t)
	f := serve(t, "unix://"+folder(t)+"/c.sock?mode=0666", Options{Rules: []Rule{rule(t, "uid", "10001", rpc.Read)}})
	for name, c := range map[string]struct{ text, begins string }{
		"lines":   {callSet, `{"jsonrpc":"2.0","error":{"code":-32001,`},
		"auth":    {`{"jsonrpc":"2.0","id":"x","method":"rpc.auth","params":["` + secret + `"]}` + "\n" + callSet, `{"jsonrpc":"2.0","error":{"code":-32001,`},
		"rubbish": {"rubbish", `{"jsonrpc":"2.0","error":{"code":-32001,`},
		"batch":   {"[" + strings.TrimSpace(callSet) + "]\n", `{"jsonrpc":"2.0","error":{"code":-32001,`},
		"http":    {httpCall(callSet, ""), "HTTP/1.1 403 Forbidden: not allowed: user 10002 may not use this socket; to let it, give it a role "},
		"form":    {httpCall(callSet, "Content-Type: x/y\r\n"), "HTTP/1.1 400 "},
		"get":     {"GET /secret HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 403 Forbidden: not allowed: user 10002 may not use this socket; to let it, give it a role "},
		"bearer":  {httpCall(callSet, "Authorization: Bearer "+secret+"\r\n"), "HTTP/1.1 401 "},
		"xml":     {xmlCall("x"), `<?xml version=`},
	} {
		got := play(t, 10002, nil, "say", f.path, c.text)
		if !strings.HasPrefix(got, c.begins) {
			t.Errorf("%s: %s", name, got)
		}
		if name != "bearer" && name != "form" && name != "auth" && (!strings.Contains(got, "user 10002") || !strings.Contains(got, "uid:10002")) {
			t.Errorf("%s: %s", name, got)
		}
		if (name == "lines") != strings.Contains(got, `"id":"x"`) && name != "auth" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := play(t, 10002, nil, "say", f.path, "GET /healthz HTTP/1.0\r\n\r\n"); !strings.Contains(got, "alive") {
		t.Error("health is open to all:", got)
	}
	// Somebody with a role is served, up to that role.
	if got := play(t, 10001, nil, "say", f.path, callEcho+callSet+callWho); strings.Count(got, "\n") != 3 || !strings.Contains(got, `"result":1`) ||
		!strings.Contains(got, "needs the role operate, yours is read (uid 10001 pid ") || !strings.Contains(got, `"role":"read"`) {
		t.Error(got)
	}
	for _, r := range f.records.list() {
		if !r.Refused {
			t.Errorf("executed: %+v", r)
		}
	}
	for _, want := range []string{`who="uid 10002 pid `, "request=set", `request="GET /secret"`, "wrong token"} {
		if !strings.Contains(f.log.String(), want) {
			t.Errorf("the log lacks %s", want)
		}
	}
}

// The file's mode keeps others away from the beginning.
func TestStrangerCannotConnect(t *testing.T) {
	needsRoot(t)
	f := serve(t, "", Options{})
	if got := play(t, 10002, nil, "say", f.path, callEcho); !strings.Contains(got, "permission denied") {
		t.Error(got)
	}
}

// Groups count, the supplementary ones too, those that the process has.
func TestGroups(t *testing.T) {
	needsRoot(t)
	f := serve(t, "unix://"+folder(t)+"/c.sock?mode=0666", Options{Rules: []Rule{rule(t, "gid", "10050", rpc.Operate), rule(t, "gid", "10003", rpc.Read)}})
	many := make([]uint32, 100)
	for i := range many {
		many[i] = uint32(10100 + i)
	}
	for _, c := range []struct {
		uid    uint32
		groups []uint32
		want   string
	}{
		{10002, []uint32{10050}, `"role":"operate"`},
		{10002, append(many, 10050), `"role":"operate"`},
		{10002, many, "not allowed"},
		{10002, nil, "not allowed"},
		{10003, nil, `"role":"read"`},
	} {
		if got := play(t, c.uid, c.groups, "say", f.path, callWho); !strings.Contains(got, c.want) {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// A stranger with a token is who the token says.
func TestStrangerWithToken(t *testing.T) {
	needsRoot(t)
	f := serve(t, "unix://"+folder(t)+"/c.sock?mode=0666", Options{Rules: []Rule{rule(t, "token", "deploy:"+secret, rpc.Read)}})
	auth := `{"jsonrpc":"2.0","id":0,"method":"rpc.auth","params":["` + secret + `"]}` + "\n"
	if got := play(t, 10002, nil, "say", f.path, auth+callWho); !strings.Contains(got, `"name":"token deploy","role":"read"`) {
		t.Error(got)
	}
	if got := play(t, 10002, nil, "say", f.path, httpCall(callWho, "Authorization: Bearer "+secret+"\r\n")); !strings.Contains(got, `"name":"token deploy","role":"read"`) {
		t.Error(got)
	}
	if got := play(t, 10002, nil, "say", f.path, callWho); !strings.Contains(got, "uid:10002") || !strings.Contains(got, "send a token") {
		t.Error(got)
	}
}

// A token does not take a role away.
func TestOperatorWithToken(t *testing.T) {
	f := serve(t, "", Options{Rules: []Rule{rule(t, "token", "deploy:"+secret, rpc.Read)}})
	c := f.dial(t)
	c.send(httpCall(callWho, "Authorization: Bearer "+secret+"\r\n"))
	if got := c.rest(); !strings.Contains(got, `"role":"admin"`) || !strings.Contains(got, fmt.Sprintf("uid %d", os.Getuid())) {
		t.Error(got)
	}
}

package front_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/web/front"
)

func TestMain(m *testing.M) {
	legiontest.Main(m, func() *legion.Daemon { d, _ := declare(); return d })
}

// declare declares a daemon with something of everything.
func declare() (*legion.Daemon, chan string) {
	d := legion.New(legion.Config{Name: "front-test", Control: "unix:", RuntimeDir: os.Getenv("FRONT_TEST"), LogFile: filepath.Join(os.Getenv("FRONT_TEST"), "log")})
	legion.Worker(d, "echo", func(_ context.Context, s string) (string, error) { return s, nil }, legion.Pool{Min: 1, Max: 1})
	legion.Task(d, "sum", func(context.Context, int) (int, error) { return 42, nil }, legion.TaskOptions{})
	done := make(chan string, 10)
	for name, role := range map[string]legion.Role{"own.look": legion.RoleRead, "own.steer": legion.RoleOperate, "own.end": legion.RoleAdmin} {
		legion.Method(d, name, "Says that it was called.", func(context.Context, struct{}) (bool, error) { done <- name; return true, nil }, legion.Allow(role))
	}
	return d, done
}

// Through the front a session with the role read may call what any client with
// that role may, and nothing else, whatever the daemon has.
func TestReadTriesEverything(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("FRONT_TEST", dir)
	d, done := declare()
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Stop(context.Background()) })
	server := httptest.NewServer(front.Handler(d, front.Options{
		Authorize: func(r *http.Request) (legion.Role, string, error) { return legion.RoleRead, "ana", nil },
	}))
	t.Cleanup(server.Close)
	post := func(path, secret, body string) string {
		r, _ := http.NewRequest("POST", server.URL+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Legion-Session", secret)
		w, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Body.Close()
		text, _ := io.ReadAll(w.Body)
		if w.StatusCode != 200 {
			t.Fatalf("%s %s: %d %s", path, body, w.StatusCode, text)
		}
		return string(text)
	}
	var session struct{ Secret, Role, Daemon, As string }
	if err := json.Unmarshal([]byte(post("/session", "", `{"token":""}`)), &session); err != nil || session.Role != "read" || session.Daemon != "front-test" || session.As != "ana" {
		t.Fatalf("%+v, %v", session, err)
	}

	admin, err := client.Dial(t.Context(), filepath.Join(dir, "control.sock"), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	var methods []string
	if err := admin.Call(t.Context(), "system.listMethods", nil, &methods); err != nil || len(methods) < 60 {
		t.Fatalf("%d methods, %v", len(methods), err)
	}
	var described struct {
		Methods []struct {
			Name string      `json:"name"`
			Role legion.Role `json:"x-role"`
		} `json:"methods"`
	}
	if err := admin.Call(t.Context(), "rpc.discover", nil, &described); err != nil {
		t.Fatal(err)
	}
	needs := map[string]legion.Role{}
	for _, m := range described.Methods {
		needs[m.Name] = m.Role
	}
	steering := 0
	for _, method := range methods {
		var answer struct{ Error *struct{ Code int } }
		if err := json.Unmarshal([]byte(post("/rpc", session.Secret, fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":{"x":"y"}}`, method))), &answer); err != nil {
			t.Fatal(method, err)
		}
		role, known := needs[method]
		refused := answer.Error != nil && answer.Error.Code == client.CodeNotAllowed
		if role > legion.RoleRead {
			steering++
		}
		if !known || refused != (role > legion.RoleRead) {
			t.Errorf("%s, which needs the role %v: refused %v", method, role, refused)
		}
	}
	if steering < 25 {
		t.Errorf("only %d methods need more than the role read", steering)
	}
	if called := len(done); called != 0 {
		t.Errorf("%d methods of the program were called with parameters that they do not have", called)
	}
	var status struct {
		State string `json:"state"`
	}
	if err := admin.Call(t.Context(), "daemon.status", nil, &status); err != nil || status.State != "running" {
		t.Errorf("the daemon is %q, %v", status.State, err)
	}
}

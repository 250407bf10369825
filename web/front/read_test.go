package front_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/internal/roletest"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/web/front"
)

func TestMain(m *testing.M) {
	legiontest.Main(m, func() *legion.Daemon { d, _ := declare(); return d })
}

// declare declares a daemon with something of everything.
func declare() (*legion.Daemon, <-chan string) {
	d := legion.New(legion.Config{Name: "front-test", Control: "unix:", RuntimeDir: os.Getenv("FRONT_TEST"), LogFile: filepath.Join(os.Getenv("FRONT_TEST"), "log")})
	return d, roletest.Declare(d)
}

// Through the front a session with the role read may call what any client with
// that role may, and nothing else, whatever the daemon has.
func TestReadTriesEverything(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("FRONT_TEST", dir)
	d, called := declare()
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
	roletest.ReadTriesEverything(t, admin, called, func(request string) string { return post("/rpc", session.Secret, request) })
}

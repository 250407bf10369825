package web_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/internal/roletest"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/web"
)

const dirEnv = "WEB_TEST"

func TestMain(m *testing.M) {
	legiontest.Main(m, func() *legion.Daemon { d, _ := declare(nil); return d })
}

const reader, operator, boss = "reader-of-this-test", "operator-of-this-test", "boss-of-this-test"

// declare declares a daemon with something of everything, and the dashboard.
func declare(change func(*legion.Config)) (*legion.Daemon, <-chan string) {
	dir := os.Getenv(dirEnv)
	conf := legion.Config{
		Name: "web-test", RuntimeDir: dir, LogFile: filepath.Join(dir, "log"), Control: "unix: tcp://127.0.0.1:0",
		Access: map[string]legion.Role{"token:reader:" + reader: legion.RoleRead, "token:operator:" + operator: legion.RoleOperate, "token:boss:" + boss: legion.RoleAdmin},
	}
	if change != nil {
		change(&conf)
	}
	d := legion.New(conf)
	d.Use(web.Dashboard())
	return d, roletest.Declare(d)
}

// shown is a daemon with the dashboard at a TCP address.
type shown struct {
	t      *testing.T
	d      *legion.Daemon
	called <-chan string
	admin  *client.Client
	dir    string
	host   string // of the TCP address, with its port
	url    string
	client *http.Client
}

func show(t *testing.T, change func(*legion.Config)) *shown {
	t.Helper()
	legiontest.CheckLeaks(t)
	s := &shown{t: t, dir: t.TempDir()}
	t.Setenv(dirEnv, s.dir)
	s.d, s.called = declare(change)
	if err := s.d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.d.Stop(context.Background()) })
	addresses, err := s.d.ControlAddresses()
	if err != nil || len(addresses) != 2 {
		t.Fatal(addresses, err)
	}
	if s.admin, err = client.Dial(t.Context(), addresses[0], client.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.admin.Close() })
	_, s.host, _ = strings.Cut(addresses[1], "://")
	s.url = "http://" + s.host
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	s.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s
}

// request makes one as the page does with a token, "" for none.
func (s *shown) request(method, path, token, role, body string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Origin", s.url)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Legion-Role", role)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// ask sends a request, and returns the answer with its body.
func (s *shown) ask(r *http.Request) (*http.Response, string) {
	s.t.Helper()
	w, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return w, string(text)
}

// expect fails the test unless the answer has the status and says it.
func (s *shown) expect(what string, r *http.Request, status int, says string) {
	s.t.Helper()
	if w, text := s.ask(r); w.StatusCode != status || !strings.Contains(text, says) {
		s.t.Errorf("%s: %d %.200q, want %d %q", what, w.StatusCode, text, status, says)
	}
}

// log stops the daemon, which writes all of its log then, and returns that.
func (s *shown) log() string {
	s.t.Helper()
	if err := s.d.Stop(context.Background()); err != nil {
		s.t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(bytes.TrimSpace(text))
}

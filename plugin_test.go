package legion_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// part is a plugin that notes what happens to it.
type part struct {
	name     string
	life     *[]string
	startErr error
}

func (p *part) Name() string { return p.name }
func (p *part) note(s string) {
	*p.life = append(*p.life, p.name+" "+s)
}
func (p *part) Attach(*legion.Daemon) error  { p.note("attach"); return nil }
func (p *part) Start(context.Context) error  { p.note("start"); return p.startErr }
func (p *part) Reload(context.Context) error { p.note("reload"); return nil }
func (p *part) Stats() any                   { return map[string]int{"x": 1} }
func (p *part) Stop(ctx context.Context) error {
	p.note("stop")
	return nil
}

type lazyPart struct{ part }

func TestPlugins(t *testing.T) {
	legiontest.CheckLeaks(t)
	var life []string
	d := legion.New(quiet("plugins"))
	d.Use(&part{name: "a", life: &life})
	d.Use(&part{name: "b", life: &life})
	made := 0
	d.UseLazy("lazy", func() (*lazyPart, error) { made++; return &lazyPart{part{name: "lazy", life: &life}}, nil })
	d.UseLazy("never", func() (interface {
		legion.Plugin
		Never()
	}, error) {
		t.Error("made without need")
		return nil, nil
	})
	legiontest.Start(t, d)
	for range 2 {
		if p, err := legion.Find[*lazyPart](d); err != nil || p.name != "lazy" {
			t.Error(p, err)
		}
	}
	if _, err := legion.Find[http.Handler](d); err == nil || !strings.Contains(err.Error(), "no plugin of type") {
		t.Error(err)
	}
	if s := d.Stats().Plugins; len(s) != 3 {
		t.Errorf("statistics of plugins: %v", s)
	}
	if err := d.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	want := []string{"a attach", "b attach", "a start", "b start", "lazy attach", "lazy start", "lazy stop", "b stop", "a stop"}
	if made != 1 || !slices.Equal(life, want) {
		t.Errorf("made %d, got %q", made, life)
	}
}

func TestPluginThatDoesNotStart(t *testing.T) {
	legiontest.CheckLeaks(t)
	var life []string
	d := legion.New(quiet("plugins"))
	d.Use(&part{name: "a", life: &life})
	d.Use(&part{name: "b", life: &life, startErr: errors.New("no luck")})
	d.Use(&part{name: "c", life: &life})
	err := d.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "plugin b: no luck") {
		t.Error(err)
	}
	if want := []string{"a attach", "b attach", "c attach", "a start", "b start", "a stop"}; !slices.Equal(life, want) {
		t.Errorf("got %q", life)
	}
}

func TestListen(t *testing.T) {
	legiontest.CheckLeaks(t)
	d := legion.New(quiet("listen"))
	ln := d.Listen("tcp", "127.0.0.1:0")
	served := make(chan error, 1)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })}
	go func() { served <- server.Serve(ln) }() // before Start: it waits
	legiontest.Start(t, d)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if err := d.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve ended with %v", err)
	}
	server.Close()

	other := legion.New(quiet("listen"))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	other.Listen("tcp", taken.Addr().String())
	if err := other.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Error(err)
	}
}

// user is a plugin that needs another one to start and to stop.
type user struct {
	d    *legion.Daemon
	used []string
}

func (u *user) Name() string                  { return "user" }
func (u *user) Attach(d *legion.Daemon) error { u.d = d; return nil }
func (u *user) use() error {
	p, err := legion.Find[*lazyPart](u.d)
	if err == nil {
		u.used = append(u.used, p.name)
		u.d.Stats()
	}
	return err
}
func (u *user) Start(context.Context) error { return u.use() }
func (u *user) Stop(context.Context) error  { return u.use() }

func TestPluginThatUsesAnother(t *testing.T) {
	legiontest.CheckLeaks(t)
	var life []string
	d := legion.New(quiet("plugins"))
	u := &user{}
	d.Use(u)
	d.UseLazy("lazy", func() (*lazyPart, error) { return &lazyPart{part{name: "lazy", life: &life}}, nil })
	legiontest.Start(t, d)
	if err := d.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if len(u.used) != 2 {
		t.Errorf("used %q", u.used)
	}
}

package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/legion-go/legion/config"
	"github.com/legion-go/legion/legiontest"
)

type settable struct {
	Greeting string
	Names    []string
	Size     int
	Password string `config:"password,secret"`
}

func TestSet(t *testing.T) {
	c := config.New(&settable{Size: 1}, config.Options{File: write(t, "c.yaml", "greeting: file\nsize: 2\nnames: [a, b]\n")})
	if err := c.Set("greeting", "set"); err != nil { // before it is loaded
		t.Fatal(err)
	}
	if got := c.Get().Greeting; got != "set" {
		t.Errorf("the greeting is %q", got)
	}
	if err := c.Set("names", "c,d,e"); err != nil { // and after that
		t.Fatal(err)
	}
	if got := c.Get(); !slices.Equal(got.Names, []string{"c", "d", "e"}) || got.Greeting != "set" || got.Size != 2 {
		t.Errorf("the configuration is %+v", got)
	}
	wants(t, c.Set("size", "many"), "many")
	wants(t, c.Set("colour", "red"), "there is no key colour", "greeting, names, size")
	wants(t, c.Set("password", "hunter2"), "secret")
	if got := c.Get(); got.Size != 2 || got.Password != "" {
		t.Errorf("after mistakes the configuration is %+v", got)
	}
	if keys := c.Keys(); !slices.Equal(keys, []string{"greeting", "names", "size"}) {
		t.Errorf("the keys are %q", keys)
	}
	if err := c.Reload(t.Context()); err != nil || c.Get().Greeting != "set" {
		t.Errorf("a reload forgets: %+v, %v", c.Get(), err)
	}
}

// A worker does not see the command line; values from Set reach it.
func TestWorkersSeeWhatWasSet(t *testing.T) {
	t.Setenv(fileKey, write(t, "service.yaml", "greeting: file\n"))
	d, see, c := newService()
	text := strings.Repeat("it's \"quoted\" = strange\n", 3)
	if err := c.Set("greeting", text); err != nil {
		t.Fatal(err)
	}
	legiontest.Start(t, d)
	s, err := see.Call(t.Context(), "")
	if err != nil || s.Greeting != text || s.Source != "flag --greeting" {
		t.Errorf("a worker sees %+v: %v", s, err)
	}
}

package config_test

import (
	"flag"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/config"
	"github.com/legion-go/legion/legiontest"
)

func TestMain(m *testing.M) {
	legiontest.Main(m, func() *legion.Daemon { d, _, _ := newService(); return d })
}

// quiet is the configuration of a daemon that logs nothing.
func quiet(name string) legion.Config {
	return legion.Config{Name: name, Control: "none", Logger: slog.New(slog.DiscardHandler)}
}

// write puts a configuration file into a folder of the test's own.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	rewrite(t, path, text)
	return path
}

func rewrite(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// load loads a configuration of type T from a YAML text and nothing else.
func load[T any](t testing.TB, defaults *T, text string) (*T, error) {
	t.Helper()
	c := config.New(defaults, config.Options{File: write(t, "c.yaml", text)})
	if err := c.Load(); err != nil {
		return nil, err
	}
	return c.Get(), nil
}

// flags returns an empty set of flags that says nothing.
func flags() *flag.FlagSet {
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return fs
}

// wants fails the test unless err contains all of that.
func wants(t testing.TB, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; want one that says %q", says)
		return
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("the error says %q; it should say %q", err, s)
		}
	}
}

const patience = 20 * time.Second // a guard against hanging

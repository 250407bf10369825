package config_test

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/config"
)

type settings struct {
	Listen  string        `usage:"the address to serve on"`
	Timeout time.Duration `usage:"how long a picture may take"`
	Resize  legion.Pool
	DB      struct {
		Host     string `config:"host,required"`
		Password string `config:"password,secret"`
	}
}

func (s *settings) Validate() error {
	if s.Timeout <= 0 {
		return config.At("timeout", fmt.Errorf("it must be more than 0"))
	}
	return nil
}

// file writes a file for an example.
func file(name, text string) (path string, remove func()) {
	dir, err := os.MkdirTemp("", "config")
	if err != nil {
		log.Fatal(err)
	}
	path = filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}
	return path, func() { os.RemoveAll(dir) }
}

func Example() {
	path, remove := file("thumbs.yaml", `
timeout: 5s
resize:
  max: 4
  memory_limit: 256MiB
db:
  host: db.example.org
  password: hunter2
`)
	defer remove()
	os.Setenv("THUMBS_RESIZE_MAX", "8")
	defer os.Unsetenv("THUMBS_RESIZE_MAX")

	fs := flag.NewFlagSet("thumbs", flag.ExitOnError) // or flag.CommandLine
	conf := config.New(&settings{Listen: ":8080"}, config.Options{File: path, Env: "THUMBS", Flags: fs})
	fs.Parse([]string{"--listen=:9090"}) // os.Args[1:]
	if err := conf.Load(); err != nil {
		log.Fatal(err)
	}
	s := conf.Get()
	fmt.Println(s.Listen, s.Timeout, s.Resize.Max, s.Resize.MemoryLimit)
	for _, set := range conf.Show() {
		if set.Key == "listen" || set.Key == "resize.max" || set.Key == "db.password" {
			fmt.Println(set.Key, "=", set.Value, "from", filepath.Base(set.Source))
		}
	}
	// Output:
	// :9090 5s 8 268435456
	// listen = :9090 from flag --listen
	// resize.max = 8 from env THUMBS_RESIZE_MAX
	// db.password = ****** from thumbs.yaml:8
}

// The error lists all mistakes at once.
func ExampleConfig_Load() {
	path, remove := file("thumbs.yaml", "timeout: 5\nlsiten: :8080\nresize:\n  max: many\n")
	defer remove()
	conf := config.New(&settings{}, config.Options{File: path})
	if err := conf.Load(); err != nil {
		fmt.Println(strings.ReplaceAll(err.Error(), filepath.Dir(path), "/etc"))
	}
	// Output:
	// config: 3 mistakes:
	// 	/etc/thumbs.yaml:1: timeout: "5" is not a duration: write a number and its unit, as in 500ms, 2s or 1h30m
	// 	/etc/thumbs.yaml:2: lsiten: there is no such key; did you mean listen?
	// 	/etc/thumbs.yaml:4: resize.max: "many" is not a whole number
}

// A good reload emits an event; a bad one changes nothing.
func ExampleChanged() {
	path, remove := file("thumbs.json", `{"timeout": "1s", "db": {"host": "a"}}`)
	defer remove()
	conf := config.New(&settings{}, config.Options{File: path})
	d := legion.New(legion.Config{Name: "thumbs", Logger: slog.New(slog.DiscardHandler)})
	d.Use(conf)
	legion.On(d, func(_ context.Context, e config.Changed[settings]) error {
		fmt.Println("timeout:", e.Old.Timeout, "→", e.New.Timeout)
		return nil
	})

	ctx := context.Background()
	if err := d.Start(ctx); err != nil { // loads the file
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	os.WriteFile(path, []byte(`{"timeout": "0s", "db": {"host": "a"}}`), 0o600)
	if err := conf.Reload(ctx); err != nil { // SIGHUP does this
		fmt.Println("refused; timeout:", conf.Get().Timeout)
	}
	os.WriteFile(path, []byte(`{"timeout": "2s", "db": {"host": "a"}}`), 0o600)
	if err := conf.Reload(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// refused; timeout: 1s
	// timeout: 1s → 2s
}

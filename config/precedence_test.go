package config_test

import (
	"flag"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/config"
)

type layers struct {
	A, B, C, D string
	Sub        struct{ A, B, C, D int }
	Hosts      []string
	Labels     map[string]string
}

func TestPrecedence(t *testing.T) {
	for _, file := range []struct{ name, text string }{
		{"c.yaml", "b: file\nc: file\nd: file\nsub:\n  b: 1\n  c: 1\n  d: 1\nhosts: [file]\nlabels: {file: 1}\n"},
		{"c.json", `{"b": "file", "c": "file", "d": "file", "sub": {"b": 1, "c": 1,
			"d": 1}, "hosts": ["file"], "labels": {"file": "1"}}`},
	} {
		t.Run(file.name, func(t *testing.T) {
			t.Setenv("L_C", "env")
			t.Setenv("L_D", "env")
			t.Setenv("L_SUB_C", "2")
			t.Setenv("L_SUB_D", "2")
			t.Setenv("L_A", "") // as good as none
			t.Setenv("L_UNKNOWN", "x")
			t.Setenv("L_LABELS", "env=2, more = x")
			defaults := layers{A: "default", B: "default", C: "default", D: "default", Hosts: []string{"default", "two"}, Labels: map[string]string{"default": ""}}
			defaults.Sub.A, defaults.Sub.D = 7, 7
			fs := flags()
			c := config.New(&defaults, config.Options{File: write(t, file.name, file.text), Env: "L", Flags: fs})
			if err := fs.Parse([]string{"--d=flag", "-sub.d", "3", "--hosts=a, b", "--hosts=[c]"}); err != nil {
				t.Fatal(err)
			}
			if err := c.Load(); err != nil {
				t.Fatal(err)
			}
			want := layers{A: "default", B: "file", C: "env", D: "flag", Hosts: []string{"a", "b", "c"}, Labels: map[string]string{"env": "2", "more": "x"}}
			want.Sub.A, want.Sub.B, want.Sub.C, want.Sub.D = 7, 1, 2, 3
			if got := *c.Get(); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			sources := map[string]string{}
			for _, s := range c.Show() {
				sources[s.Key] = s.Value + " from " + s.Source[strings.LastIndexByte(s.Source, '/')+1:]
			}
			line := map[string]string{"c.yaml": "5", "c.json": "1"}[file.name]
			for key, want := range map[string]string{
				"a": "default from default", "b": "file from " + file.name + ":1", "c": "env from env L_C", "d": "flag from flag --d",
				"sub.b": "1 from " + file.name + ":" + line, "hosts": "[a, b, c] from flag --hosts", "labels": "{env: 2, more: x} from env L_LABELS",
			} {
				if key == "b" && file.name == "c.json" {
					want = "file from c.json:1"
				}
				if sources[key] != want {
					t.Errorf("%s: %q, want %q", key, sources[key], want)
				}
			}
		})
	}
}

// The defaults are copied: a later change of them has no effect.
func TestDefaultsAreCopied(t *testing.T) {
	type inner struct{ N int }
	type all struct {
		List []inner
		Map  map[string][]int
		Ptr  *inner
		Arr  [1]*inner
	}
	defaults := all{[]inner{{1}}, map[string][]int{"a": {1}}, &inner{1}, [1]*inner{{1}}}
	c := config.New(&defaults, config.Options{})
	defaults.List[0].N, defaults.Map["a"][0], defaults.Ptr.N, defaults.Arr[0].N = 2, 2, 2, 2
	for range 2 {
		got := c.Get()
		if got.List[0].N != 1 || got.Map["a"][0] != 1 || got.Ptr.N != 1 || got.Arr[0].N != 1 {
			t.Errorf("got %+v", got)
		}
		got.List[0].N, got.Map["a"][0], got.Ptr.N, got.Arr[0].N = 3, 3, 3, 3
		if err := c.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoDefaultsAtAll(t *testing.T) {
	if c := config.New[layers](nil, config.Options{}); c.Get().A != "" {
		t.Error("what is this?")
	}
}

func TestFlags(t *testing.T) {
	type s struct {
		On      bool
		Off     *bool
		Wait    time.Duration `usage:"how long"`
		Token   string        `config:"token,secret"`
		Numbers map[string]int
		Depth   *struct{ N int }
	}
	fs := flags()
	fs.Bool("mine", false, "beside the user's own")
	path := write(t, "other.yaml", "wait: 3s\n")
	c := config.New(&s{Wait: time.Second}, config.Options{File: "/nowhere/x.yaml", Optional: true, FileFlag: "config", Flags: fs, Env: "T"})
	wants(t, c.Load(), "call flag.Parse")
	if f := fs.Lookup("wait"); f.DefValue != "1s" || f.Usage != "how long (env T_WAIT)" {
		t.Errorf("the flag: %+v", f)
	}
	if fs.Lookup("token") != nil {
		t.Error("a secret has a flag")
	}
	var help strings.Builder
	fs.SetOutput(&help)
	fs.PrintDefaults()
	if !strings.Contains(help.String(), "-wait value\n    \thow long (env T_WAIT) (default 1s)") {
		t.Errorf("help:\n%s", help.String())
	}
	wants(t, fs.Parse([]string{"--wait=2"}), `invalid value "2" for flag -wait: "2" is not a duration`)
	if err := fs.Parse([]string{"--on", "--off=false", "--numbers=a=1,b=2", "--numbers", "{b: 3}", "--depth.n=0x10", "--config", path, "rest"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Load(); err != nil {
		t.Fatal(err)
	}
	got := c.Get()
	if !got.On || got.Off == nil || *got.Off || got.Wait != 3*time.Second || got.Depth.N != 16 || !reflect.DeepEqual(got.Numbers, map[string]int{"a": 1, "b": 3}) {
		t.Errorf("got %+v", got)
	}

	// A file that a flag names must exist.
	fs = flags()
	c = config.New(&s{}, config.Options{File: path, Optional: true, FileFlag: "config", Flags: fs})
	_ = fs.Parse([]string{"-config=/nowhere/x.yaml"})
	wants(t, c.Load(), "/nowhere/x.yaml", "no such file", "create")
}

func TestCommandLineStaysTheUsers(t *testing.T) {
	type s struct{ Config string }
	for _, taken := range []func(*flag.FlagSet){
		func(fs *flag.FlagSet) { fs.String("config", "", "") },
		func(fs *flag.FlagSet) { config.New(&s{}, config.Options{Flags: fs}) },
	} {
		fs := flags()
		taken(fs)
		panics(t, "there is a flag config already", func() { config.New(&s{}, config.Options{Flags: fs}) })
	}
}

// panics calls f, which must panic and say so.
func panics(t *testing.T, says string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		switch v := recover().(type) {
		case string:
			if !strings.Contains(v, says) {
				t.Errorf("it says %q, want %q", v, says)
			}
		case error:
			wants(t, v, says)
		default:
			t.Errorf("no panic; want one that says %q", says)
		}
	}()
	f()
}

package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/config"
)

type pool struct {
	Max, Min int
	MaxCalls uint8
}

func (p *pool) Validate() error {
	var errs []error
	if p.Min > p.Max {
		errs = append(errs, config.At("min", fmt.Errorf("it is more than max, which is %d", p.Max)))
	}
	if p.Max == 99 {
		errs = append(errs, errors.New("99 is an unlucky number"))
	}
	if p.Max == 666 {
		panic("the beast")
	}
	return errors.Join(errs...)
}

type strict struct {
	Pools   map[string]pool
	Listen  string
	Timeout time.Duration
	On      bool
	Rate    float64
	Hosts   []string
	Pair    [2]int
	Main    pool
	More    []pool
	Token   string    `config:"token,secret"`
	Pin     int       `config:"pin,secret"`
	Name    string    `config:"name,required"`
	When    time.Time `config:"when"`
	Opt     *struct {
		Must string `config:"must,required"`
	}
}

func TestErrorsNameThePlace(t *testing.T) {
	for text, says := range map[string]string{
		"name: x\nmain:\n  max_cals: 1\n":               ":3: main.max_cals: there is no such key; did you mean max_calls?",
		"name: x\nmain:\n  max-calls: 1\n":              ":3: main.max-calls: there is no such key; did you mean max_calls?",
		"name: x\nlsiten: 1\n":                          ":2: lsiten: there is no such key; did you mean listen?",
		"name: x\nmax_calls: 1\n":                       ":2: max_calls: there is no such key; did you mean main.max_calls?",
		"name: x\nzzzz: 1\n":                            ":2: zzzz: there is no such key; the keys here are pools, listen, ",
		"name: x\npools:\n  a: {max: 1, mix: 2}\n":      ":3: pools.a.mix: there is no such key; did you mean ",
		"timeout: 2\nname: x\n":                         `:1: timeout: "2" is not a duration: write a number and its unit, as in 500ms, 2s or 1h30m`,
		"name: x\non: maybe\n":                          `:2: on: "maybe" is neither true nor false`,
		"name: x\nrate: fast\n":                         `:2: rate: "fast" is not a number`,
		"name: x\nrate: 1e999\n":                        `:2: rate: 1e999 is too large`,
		"name: x\nmain:\n  max: many\n":                 `:3: main.max: "many" is not a whole number`,
		"name: x\nmain:\n  max: 1.5\n":                  `:3: main.max: "1.5" is not a whole number`,
		"name: x\nmain:\n  max_calls: 256\n":            `:3: main.max_calls: 256 is out of range: it must be from 0 to 255`,
		"name: x\nmain:\n  max_calls: -1\n":             `:3: main.max_calls: -1 is out of range: it must be from 0 to 255`,
		"name: x\nmain:\n  max: 10000000TiB\n":          `:3: main.max: 10995116277760000000 is out of range: it must be from -9223372036854775808 to`,
		"name: x\nhosts: a\n":                           ":2: hosts: it takes a list; this is a single value: write [a, b]",
		"name: x\nhosts:\n- a\n- [b]\n":                 ":4: hosts[1]: it takes a single value; this is a list",
		"name: x\npair: [1]\n":                          ":2: pair: it takes 2 values; these are 1",
		"name: x\nmain: 5\n":                            ":2: main: it takes keys of its own: max, min, max_calls; this is a single value",
		"name: x\npools: []\n":                          ":2: pools: it takes a table of keys and values; this is a list",
		"name: x\nlisten:\n  a: 1\n":                    ":2: listen: it takes a single value; this is a table of keys",
		"name: x\nlisten:\n":                            `:2: listen: it has no value: write one ("" is the empty text), or remove the line`,
		"name: x\nwhen: yesterday\n":                    `:2: when: parsing time "yesterday" as `,
		"listen: x\n":                                   ": name: it needs a value: set it in the file, or by env E_NAME",
		"name: ''\n":                                    ":1: name: it needs a value",
		"name: x\nopt: {must: ''}\n":                    ":2: opt.must: it needs a value",
		"name: x\nmain:\n  max: 1\n  min: 2\n":          ":4: main.min: it is more than max, which is 1",
		"name: x\nmain:\n  max: 99\n  min: 200\n":       ":2: main: 99 is an unlucky number",
		"name: x\nmore:\n- {max: 1}\n- {max: 99}\n":     ":4: more[1]: 99 is an unlucky number",
		"name: x\npools:\n  a:\n    min: 2\n":           ":4: pools.a.min: it is more than max",
		"name: x\nmain: {max: 666}\n":                   "checking it panicked: the beast",
		"name: x\nname: y\n":                            `:2: the key "name" occurs twice; the first is on line 1: remove one`,
		"name: x\n---\nname: y\n":                       ":2: a second document begins",
		"name: x\nlisten: : 1\n":                        ":2: mapping values are not allowed",
		"name: x\nhosts: [1,\nlisten: x\n":              ":2: did not find expected ',' or ']'",
		"name: x\n\tlisten: 1\n":                        ":2: found a tab character",
		"name: x\nlisten: *nowhere\n":                   ":2: unknown anchor 'nowhere' referenced",
		"name: x\nlisten: !env HOME\n":                  ":2: the tag !env means nothing here: remove it",
		"name: x\n[a]: 1\n":                             ":2: a key must be a single value",
		"name: x\n<<: 1\n":                              ":2: << takes a table",
		"name: &a [*a]\n":                               ":1: lists and tables are nested too deep",
		"- a\n":                                         ":1: the file must consist of keys and values, and is a list",
		"name: x\nlisten: \"\xff\"\n":                   ":2: it is not text in UTF-8",
		"name: x\nlisten: \"a\x00\"\n":                  ":2: there is a U+0000, which is not text: remove it",
		"name: x\nhosts: " + strings.Repeat("[", 200):   ":3: did not find expected node content",
		"name: x\nlisten: " + strings.Repeat("x", 1e5):  "it has more than 96 KiB",
		"name: x\nwhen: 2024-02-29T12:00:00Z\nMain: {}": ":3: Main: there is no such key; did you mean main?",
	} {
		file := write(t, "c.yaml", text)
		c := config.New(&strict{}, config.Options{File: file, Env: "E"})
		err := c.Load()
		wants(t, err, says, "config: ")
		if err != nil && strings.HasPrefix(says, ":") {
			wants(t, err, file+says)
		}
	}
}

// A small file cannot become a large configuration.
func TestAliasBombs(t *testing.T) {
	bomb, merged := "a: &a [x]\n", "a: &a {x: 1}\n"
	for c := 'b'; c < 'k'; c++ {
		all := strings.Repeat(fmt.Sprintf("*%c, ", c-1), 10)
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, all)
		merged += fmt.Sprintf("%c: &%c {<<: [%s]}\n", c, c, all)
	}
	wide := "a: &a {"
	for i := range 5000 {
		wide += fmt.Sprintf("%x: , ", i)
	}
	wide += "}\n<<: [" + strings.Repeat("*a, ", 10000) + "]\n"
	for _, text := range []string{bomb, merged, wide} {
		_, err := load(t, &strict{}, text)
		wants(t, err, "its aliases expand it too much")
	}
}

func TestErrorsInJSON(t *testing.T) {
	for text, says := range map[string]string{
		"{\"name\": \"x\",\n \"main\": {\n  \"maxx\": 1}}": ":3: main.maxx: there is no such key; did you mean max?",
		"{\"name\": \"x\",\n \"main\": {\n  \"max\": []}}": ":3: main.max: it takes a single value; this is a list",
		"{\"name\": \"x\",\n \"timeout\": 2}":              `:2: timeout: "2" is not a duration`,
		"{\"name\": \"x\",\n \"name\": \"y\"}":             `:2: the key "name" occurs twice`,
		"{\"name\": \"x\",\n}":                             ":2: invalid character '}'",
		"{\"name\": \"x\",\n \"a\"\n":                      ":3: the JSON value does not end",
		"{\"name\": \"x\"}\n{}":                            ":2: something follows the end of the JSON value",
		"[1]":                                              ":1: the file must consist of keys and values, and is a list",
		"{\"name\": \"x\", \"hosts\":\n" + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}": ":2: lists and tables are nested too deep",
	} {
		file := write(t, "c.json", text)
		wants(t, config.New(&strict{}, config.Options{File: file}).Load(), file+says)
	}
	got := config.New(&strict{}, config.Options{File: write(t, "c.json", "\ufeff{\"name\": \"\\ud83d\\ude00\", \"on\": true, \"opt\": null, \"rate\": 1e2}")})
	if err := got.Load(); err != nil || got.Get().Name != "😀" || !got.Get().On || got.Get().Rate != 100 {
		t.Error(err, got)
	}
}

func TestErrorsOfEnvironmentAndFlags(t *testing.T) {
	t.Setenv("E_TIMEOUT", "soon")
	t.Setenv("E_POOLS", "{a: {maxx: 1}}")
	t.Setenv("E_HOSTS", "[a")
	fs := flags()
	c := config.New(&strict{Name: "x"}, config.Options{Env: "E", Flags: fs})
	if err := fs.Parse([]string{"--main.min=3"}); err != nil {
		t.Fatal(err)
	}
	wants(t, c.Load(), "config: 3 mistakes:\n\t", `env E_TIMEOUT: timeout: "soon" is not a duration`, "env E_POOLS: pools.a.maxx: there is no such key; did you mean max?",
		"env E_HOSTS: hosts: did not find expected")
	t.Setenv("E_TIMEOUT", "")
	t.Setenv("E_POOLS", "")
	t.Setenv("E_HOSTS", "")
	wants(t, c.Load(), "flag --main.min: main.min: it is more than max, which is 0")
}

// Programs can find out what is wrong.
func TestErrorsAsValues(t *testing.T) {
	file := write(t, "c.yaml", "name: x\ntimeout: soon\nmain: {max: x}\n")
	err := config.New(&strict{}, config.Options{File: file}).Load()
	wants(t, err, "config: 2 mistakes:\n\t")
	var e *config.Error
	if !errors.As(err, &e) || e.Key != "timeout" || e.Source != (config.Source{File: file, Line: 2}) {
		t.Errorf("got %+v", e)
	}
	var text strings.Builder
	text.WriteString("name: x\n")
	for i := range 30 {
		fmt.Fprintf(&text, "key%d: 1\n", i)
	}
	_, err = load(t, &strict{}, text.String())
	wants(t, err, "30 mistakes", "and 10 more")
	cause := errors.New("cause")
	if config.At("a", nil) != nil || !errors.Is(config.At("a", cause), cause) || config.At("a", cause).Error() != "a: cause" {
		t.Error("At is not what it should be")
	}
}

func TestSecrets(t *testing.T) {
	const secret = "hunter2"
	for text, says := range map[string]string{
		"name: x\npin: hunter2\n":                     ":2: pin: its value, which is secret, cannot be read as a whole number",
		"name: x\nkeys: {a: {key: hunter2, n: 1s}}\n": `keys.a.n: "1s" is not a whole number`,
	} {
		type keyed struct {
			strict
			Keys map[string]struct {
				Key string `config:"key,secret"`
				N   int
			}
		}
		_, err := load(t, &keyed{}, text)
		wants(t, err, says)
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the secret is told: %v", err)
		}
	}
	type s struct {
		Token string `config:"token,secret"`
		Empty string `config:"empty,secret"`
		DB    struct {
			Password []byte
			Hosts    []string
		} `config:"db,secret"`
		Users []struct {
			Name, Key string
			Pass      string `config:"pass,secret"`
		}
		Urls []int `config:"urls,secret"`
	}
	t.Setenv("S_URLS", "[hunter2")
	file := write(t, "c.yaml", "token: hunter2\ndb:\n  password: hunter2\n  hosts: [hunter2]\nusers:\n- {name: me, pass: hunter2}\n")
	c := config.New(&s{}, config.Options{File: file, Env: "S"})
	if err := c.Load(); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("the secret is told: %v", err)
	}
	t.Setenv("S_URLS", "")
	if err := c.Load(); err != nil {
		t.Fatal(err)
	}
	shown := c.String() + fmt.Sprintf("%+v", c.Stats())
	if strings.Contains(shown, secret) || !strings.Contains(shown, "token = ****** ("+file+":1)\nempty =  (default)\n") ||
		!strings.Contains(shown, `{name: me, key: "", pass: ******}`) {
		t.Errorf("shown:\n%s", shown)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	type s struct{ A int }
	dir := t.TempDir()
	for path, says := range map[string]string{
		filepath.Join(dir, "none.yaml"): "no such file or directory: create the configuration file",
		filepath.Join(dir, "c.toml"):    "its ending does not say how it is written: rename it to .yaml, .yml or .json",
		dir + "/d.yaml":                 "is a directory",
	} {
		if strings.HasSuffix(path, "d.yaml") {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		wants(t, config.New(&s{}, config.Options{File: path}).Load(), says, path)
	}
	c := config.New(&s{A: 1}, config.Options{File: filepath.Join(dir, "none.yaml"), Optional: true})
	if err := c.Load(); err != nil || c.Get().A != 1 {
		t.Error(err)
	}
	panics(t, "no such file", func() { config.New(&s{}, config.Options{File: filepath.Join(dir, "none.yaml")}).Get() })
}

package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

type fuzzed struct {
	Text   string
	Int    int8
	Uint   uint64
	Float  float64
	Bool   bool
	Wait   time.Duration
	When   *time.Time
	Size   Size
	Bytes  []byte
	List   []string
	Lists  [][]int
	Pair   [2]*int
	Map    map[string]float32
	Keys   map[int]bool
	Any    any
	Sub    *fuzzedSub
	Subs   []fuzzedSub
	Named  map[string]fuzzedSub
	Secret string `config:"secret,secret"`
}

type fuzzedSub struct {
	A, B int
	More []fuzzedSub
}

// Loading any file causes no panic, its errors name it, and a loaded
// configuration can be shown and loaded again.
func FuzzFile(f *testing.F) {
	seeds := []string{
		"text: a\nint: 1\nuint: 1KiB\nfloat: .5\nbool: on\nwait: 1s\nwhen: 2024-02-29T12:00:00Z\nsize: 1MB\n", "sub: {a: 1}\nsubs:\n- a: 1\n  more: [{b: 2}]\nnamed: {x: {a: 1}}\n",
		"list: [a, b]\nlists: [[1], []]\npair: [1, null]\nmap: {a: 1}\nkeys: {1: true}\nany: [1, {a: b}]\n", "a: &a [1]\nb: *a\n<<: *a\n", "sub: &s {a: 1}\nnamed: {x: {<<: *s}}\n",
		"text: |\n  a\n  b\nbytes: >-\n  c\n", `{"text": "\u0041", "int": 1e2, "any": [null, {}], "subs": [{"a": 1}]}`, "? a\n: b\n", "%YAML 1.2\n---\na: 1\n...\n", "\ufefftext: a",
		"list:\n - a\n -\tb", "{", "[", "!!binary a: b", "text: \"\\x\"", "secret: [a]", "a: &a [*a]", "--- |1-\n", "*a", "&a", ": ", "- ", "'", "\t", "{a, b: }",
	}
	for _, s := range seeds {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	s := newSchema(reflect.TypeFor[fuzzed](), "")
	f.Fuzz(func(t *testing.T, text []byte, isYAML bool) {
		if len(text) > maxFile {
			return
		}
		path := "/c.json"
		if isYAML {
			path = "/c.yaml"
		}
		c := Config[fuzzed]{schema: s}
		// The parser itself must not panic, whatever build does.
		_, parseErr := document{path: path, text: text}.parse()
		value, err := c.build(document{path: path, text: text}, map[string]Source{})
		if parseErr != nil && err == nil {
			t.Fatalf("it parses with %v and loads", parseErr)
		}
		if err != nil {
			for _, err := range split(err) {
				var e *Error
				if !errors.As(err, &e) || e.Source.File != path || e.Source.Line == 0 {
					t.Errorf("this names no place: %v", err)
				}
			}
			if strings.Contains(err.Error(), "panicked") {
				t.Fatal(err)
			}
			return
		}
		_ = s.format(reflect.ValueOf(value).Elem(), false)
		again, err := c.build(document{path: path, text: text}, map[string]Source{})
		if err != nil || s.format(reflect.ValueOf(again).Elem(), false) != s.format(reflect.ValueOf(value).Elem(), false) {
			t.Fatalf("again it is %+v (%v), not %+v", again, err, value)
		}
	})
}

// The environment and flags cause no panic either.
func FuzzText(f *testing.F) {
	for _, s := range []string{"a", "a,b", "a=1,b=2", "[a, [b]]", "{a: 1}", "1KiB", "-1", "2s", "=", ",", "[", "{a: {b: 1}}", "null", "- a"} {
		f.Add(s)
	}
	s := newSchema(reflect.TypeFor[fuzzed](), "")
	f.Fuzz(func(t *testing.T, text string) {
		for i := range s.leaves {
			l := &s.leaves[i]
			d := &decoder{schema: s, sources: map[string]Source{}, source: func(int) Source { return Source{Flag: l.key} }}
			v := reflect.New(l.typ).Elem()
			d.text(v, l, text, text)
			if len(d.errs) == 0 {
				_ = s.format(v, l.secret)
			} else if l.secret && len(text) > 3 && strings.Contains(d.mistakes().Error(), text) {
				t.Errorf("the secret is told: %v", d.errs)
			}
		}
	})
}

// A worker takes exactly what its daemon hands over.
func FuzzHandOver(f *testing.F) {
	f.Add("/c.yaml", []byte("a: 1\n"), 7, "7 \"/c.yaml\"  \"a=b\"\n")
	f.Add("/c.yaml", []byte("a: 1\n"), 7, "7 \"/c.yaml\" \na: 1\n")
	f.Add("/a \"b\n.json", []byte(nil), 1, "1 \"\" absent\n")
	f.Add("", []byte{}, 0, "x")
	f.Fuzz(func(t *testing.T, path string, text []byte, pid int, hostile string) {
		readHandOver(hostile)
		if !utf8.ValidString(path) {
			return
		}
		set := []setKey{{"a.b", path}, {"c", hostile}}
		if !utf8.ValidString(hostile) {
			set = set[:1]
		}
		doc, from, ok := readHandOver(writeHandOver(document{path: path, text: text, set: set}, pid))
		if !ok || !slices.Equal(doc.set, set) || from != pid || doc.path != path || string(doc.text) != string(text) || (doc.text == nil) != (text == nil) {
			t.Errorf("%q %q of %d came as %q %q of %d, %v", path, text, pid, doc.path, doc.text, from, ok)
		}
	})
}

// Only the parent's variable counts; all are removed.
func TestInherit(t *testing.T) {
	environ := []string{"A=1"}
	for name, text := range map[string]string{
		"mine":  writeHandOver(document{path: "/mine.yaml", text: []byte("a: 1\n")}, 7),
		"other": writeHandOver(document{path: "/other.yaml", text: []byte("a: 2\n")}, 8),
		"junk":  "junk",
	} {
		t.Setenv(handOverPrefix+name, text)
		environ = append(environ, handOverPrefix+name+"="+text)
	}
	files := inherit(environ, 7)
	if len(files) != 1 || files["mine"].path != "/mine.yaml" || string(files["mine"].text) != "a: 1\n" {
		t.Errorf("got %q", files)
	}
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, handOverPrefix) {
			t.Errorf("%q is still there", v)
		}
	}
}

// A process that took another daemon's file for its own daemon's, because that
// started it, reads the file itself when it turns out to be a daemon.
func TestStartReadsTheFileItself(t *testing.T) {
	type s struct{ A int }
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte("a: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inherited.files["config"] = document{path: path, text: []byte("a: 1\n")}
	c := New(&s{}, Options{File: path})
	if c.Get().A != 1 {
		t.Errorf("it has not taken what was handed over: %+v", c.Get())
	}
	if err := c.Start(t.Context()); err != nil || c.Get().A != 2 {
		t.Errorf("got %+v, %v", c.Get(), err)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestKeyNames(t *testing.T) {
	for name, want := range map[string]string{
		"A": "a", "Max": "max", "MaxCalls": "max_calls", "HTTPPort": "http_port", "ID": "id", "UserID": "user_id", "UserIDs": "user_ids", "URLs": "urls",
		"DBHost": "db_host", "Max_Calls": "max_calls", "IPv4": "i_pv4", "Sha256Sum": "sha256_sum", "Über": "über",
	} {
		if got := keyName(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"max", "max_calls", "listen", "timeout"}
	for name, want := range map[string]string{"maxx": "max", "MaxCalls": "max_calls", "lsiten": "listen", "time_out": "timeout", "zzz": "", "": "", "tiemuot": "timeout"} {
		if got := nearest(name, names); got != want {
			t.Errorf("%q: did you mean %q? want %q", name, got, want)
		}
	}
}

package config_test

import (
	"log/slog"
	"math/big"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/config"
)

type named string

type Embedded struct {
	Inside int
	deep   int //lint:ignore U1000 unexported fields are left out
}

type point struct{ X, Y int }

type everything struct {
	Embedded
	Bools    []bool
	I8       int8
	I64      int64
	U16      uint16
	U64      uint64
	F32      float32
	F64      float64
	Text     string
	Named    named
	Bytes    []byte
	Wait     time.Duration
	Waits    []time.Duration
	Size     config.Size
	When     time.Time
	Addr     netip.Addr
	Addrs    map[netip.Addr]int
	Level    slog.Level
	Big      *big.Int
	Pattern  *regexp.Regexp
	List     []int
	Lists    [][]int
	Pair     [2]int
	Map      map[string]int
	IntKeys  map[int]string
	Structs  []point
	Table    map[string]*point
	Ptr      *int
	PtrPtr   **int
	Section  *point
	Any      any
	Children []child
	Renamed  int `config:"other-name"`
	FromJSON int `json:"from_json,omitempty"`
	FromYAML int `json:"nope" yaml:"fromYAML"`
	Omitted  int `config:"-"`
	Func     func()
	Chan     chan int
	HTTPPort int
	UserIDs  []int
	hidden   int //lint:ignore U1000 unexported fields are left out
}

type child struct {
	Name     string
	Children []child
}

func TestEveryKind(t *testing.T) {
	got, err := load(t, &everything{}, `
inside: 1
bools: [true, no, On, "0"]
i8: -128
i64: 1_000
u16: 0xffff
u64: 256MiB
f32: 1.5
f64: 1e3
text: no          # text stays what it is
named: 1.10
bytes: hello
wait: 1h30m
waits: [2s, 500ms, 0]
size: 1.5GB
when: 2024-02-29T12:00:00Z
addr: ::1
addrs: {127.0.0.1: 1}
level: warn+1
big: 123456789012345678901234567890
pattern: ^a+$
list:
  - 1
  - 0o22
  - 022
lists: [[1], [], [2, 3]]
pair: [1, 2]
map: {a: 1, b: "2"}
int_keys: {1: one, 0x10: sixteen}
structs:
  - {x: 1, y: 2}
  - x: 3
table:
  first: &first {x: 1, y: 1}
  second: *first
  third: {<<: *first, y: 3}
ptr: 5
ptr_ptr: 6
section: {y: 9}
any: {a: [1, 2.5, true, "3", x, null]}
children: [{name: a, children: [{name: b}]}]
other-name: 1
from_json: 2
fromYAML: 3
http_port: 80
user_ids: [1]
`)
	if err != nil {
		t.Fatal(err)
	}
	five, six := 5, 6
	sixPtr := &six
	number, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	want := &everything{
		Embedded: Embedded{Inside: 1}, Bools: []bool{true, false, true, false}, I8: -128, I64: 1000, U16: 0xffff, U64: 256 << 20, F32: 1.5, F64: 1000,
		Text: "no", Named: "1.10", Bytes: []byte("hello"), Wait: 90 * time.Minute, Waits: []time.Duration{2 * time.Second, 500 * time.Millisecond, 0},
		Size: 1.5e9, When: time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC), Addr: netip.IPv6Loopback(), Addrs: map[netip.Addr]int{netip.MustParseAddr("127.0.0.1"): 1},
		Level: slog.LevelWarn + 1, Big: number, Pattern: regexp.MustCompile("^a+$"), List: []int{1, 18, 18}, Lists: [][]int{{1}, {}, {2, 3}}, Pair: [2]int{1, 2},
		Map: map[string]int{"a": 1, "b": 2}, IntKeys: map[int]string{1: "one", 16: "sixteen"}, Structs: []point{{1, 2}, {3, 0}},
		Table: map[string]*point{"first": {1, 1}, "second": {1, 1}, "third": {1, 3}}, Ptr: &five, PtrPtr: &sixPtr, Section: &point{0, 9},
		Any:      map[string]any{"a": []any{1, 2.5, true, "3", "x", nil}},
		Children: []child{{"a", []child{{Name: "b"}}}}, Renamed: 1, FromJSON: 2, FromYAML: 3, HTTPPort: 80, UserIDs: []int{1},
	}
	g, w := reflect.ValueOf(got).Elem(), reflect.ValueOf(want).Elem()
	for i := range g.NumField() {
		if f := g.Type().Field(i); f.IsExported() && !reflect.DeepEqual(g.Field(i).Interface(), w.Field(i).Interface()) {
			t.Errorf("%s: got %+v, want %+v", f.Name, g.Field(i), w.Field(i))
		}
	}
}

// Text of the environment and of flags sets every kind, too.
func TestEveryKindAsText(t *testing.T) {
	type s struct {
		Lists   [][]int
		Structs []point
		Table   map[string]point
		Any     any
		Bytes   []byte
		Addrs   []netip.Addr
		Waits   map[string]time.Duration
		Level   *slog.Level
		Floats  [2]float64
		Some    *point
	}
	for name, text := range map[string]string{
		"LISTS": "[[1], [2]]", "STRUCTS": "[{x: 1}]", "TABLE": "{a: {y: 2}}", "ANY": "[1, a]", "BYTES": "[a]", "ADDRS": "::1,127.0.0.1",
		"WAITS": "a=1s,b=2s", "LEVEL": "error", "FLOATS": "1,2.5", "SOME_X": "4",
	} {
		t.Setenv("KINDS_"+name, text)
	}
	c := config.New(&s{}, config.Options{Env: "KINDS"})
	if err := c.Load(); err != nil {
		t.Fatal(err)
	}
	level := slog.LevelError
	want := &s{
		[][]int{{1}, {2}}, []point{{X: 1}}, map[string]point{"a": {Y: 2}}, []any{1, "a"}, []byte("[a]"), []netip.Addr{netip.IPv6Loopback(), netip.MustParseAddr("127.0.0.1")},
		map[string]time.Duration{"a": time.Second, "b": 2 * time.Second}, &level, [2]float64{1, 2.5}, &point{X: 4},
	}
	if got := c.Get(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	shown := c.String()
	for _, line := range []string{
		"lists = [[1], [2]] (env KINDS_LISTS)", "structs = [{x: 1, y: 0}] (", "table = {a: {x: 0, y: 2}} (", `addrs = ["::1", 127.0.0.1] (`,
		"waits = {a: 1s, b: 2s} (", "level = ERROR (", "some.x = 4 (", "some.y = 0 (default)",
	} {
		if !strings.Contains(shown, line) {
			t.Errorf("%q is not shown:\n%s", line, shown)
		}
	}
}

// A pool's limits can be a section.
func TestPoolAsSection(t *testing.T) {
	type s struct{ Resize legion.Pool }
	got, err := load(t, &s{legion.Pool{Max: 2, Min: 1}}, "resize:\n  max: 4\n  timeout: 2s\n  memory_limit: 256MiB\n")
	if err != nil {
		t.Fatal(err)
	}
	if p := got.Resize; p.Max != 4 || p.Min != 1 || p.Timeout != 2*time.Second || p.MemoryLimit != 256<<20 {
		t.Errorf("got %+v", p)
	}
}

// Every limit can be in a file. A list that is there and empty is not the
// default: no variable is kept then.
func TestLimitsAsSection(t *testing.T) {
	type s struct{ Resize legion.Pool }
	got, err := load(t, &s{}, "resize: {cpu: 0.5, threads: 64, file_size: 1MiB, no_core: true, oom_score: -7, user: nobody, dir: /tmp, env: [DB_*, \"A=b,c\"]}\n")
	if err != nil {
		t.Fatal(err)
	}
	if p := got.Resize; p.CPU != 0.5 || p.Threads != 64 || p.FileSize != 1<<20 || !p.NoCore || p.OOMScore != -7 || p.User != "nobody" || p.Dir != "/tmp" ||
		!slices.Equal(p.Env, []string{"DB_*", "A=b,c"}) {
		t.Errorf("got %+v", p)
	}
	for text, kept := range map[string]bool{"resize: {env: []}\n": true, "resize: {max: 1}\n": false} {
		if got, err := load(t, &s{}, text); err != nil || (got.Resize.Env != nil) != kept {
			t.Errorf("%s: %#v, %v", text, got.Resize.Env, err)
		}
	}
}

func TestNothing(t *testing.T) {
	type s struct {
		Sub  point
		Ptr  *point
		List []int
		Any  any
	}
	defaults := &s{point{1, 2}, &point{}, []int{1}, 1}
	for _, text := range []string{"", "# only comments\n", "---\n", "sub:\n  # x: 1\n"} {
		if got, err := load(t, defaults, text); err != nil || !reflect.DeepEqual(got, defaults) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	got, err := load(t, defaults, "ptr:\nlist: ~\nany: null\n")
	if err != nil || got.Ptr != nil || got.List != nil || got.Any != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]config.Size{
		"0": 0, "17": 17, "17B": 17, "1KiB": 1024, "64 kib": 64 << 10, "1kB": 1000, "1.5MiB": 3 << 19, "2GB": 2e9, "1TiB": 1 << 40, "16777215TiB": 16777215 << 40,
	} {
		var s config.Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%s: %d, %v", text, s, err)
		}
		var again config.Size
		if err := again.UnmarshalText([]byte(s.String())); err != nil || again != s {
			t.Errorf("%s is shown as %s, which is %d, %v", text, s, again, err)
		}
	}
	for text, says := range map[string]string{"": "not a size", "1K": "as in 64KiB", "-1B": "not a size", "NaNB": "not a size", "16777216TiB": "too large", "1e30GB": "too large", "MiB": "not a size"} {
		var s config.Size
		wants(t, s.UnmarshalText([]byte(text)), says)
	}
	if s := config.Size(256<<20).String() + config.Size(1000).String() + config.Size(0).String(); s != "256MiB1000B0B" {
		t.Error(s)
	}
}

func TestTypesThatCannotBe(t *testing.T) {
	type loop struct{ Self *loop }
	type clash struct{ A, B int }
	panics(t, "is not a struct", func() { config.New(new(int), config.Options{}) })
	panics(t, "text cannot set a chan int", func() {
		config.New(&struct {
			C chan int `config:"c"`
		}{}, config.Options{})
	})
	panics(t, `the option "secert"`, func() {
		config.New(&struct {
			C int `config:"c,secert"`
		}{}, config.Options{})
	})
	panics(t, `"a.b" cannot be a key`, func() {
		config.New(&struct {
			C int `config:"a.b"`
		}{}, config.Options{})
	})
	panics(t, `have the name "a"`, func() {
		config.New(&struct {
			A int
			B clash `config:"a"`
		}{}, config.Options{})
	})
	panics(t, "contains itself", func() { config.New(&loop{}, config.Options{}) })
	panics(t, "the keys a_b and a.b have the same environment variable, X_A_B", func() {
		config.New(&struct {
			AB int `config:"a_b"`
			A  clash
		}{}, config.Options{Env: "X"})
	})
}

package meters

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// Kind is what an instrument does.
type Kind uint8

const (
	Counter   Kind = iota + 1 // only goes up
	Gauge                     // goes up and down
	Histogram                 // counts values by size
)

func (k Kind) String() string {
	return [...]string{"unknown", "counter", "gauge", "histogram"}[min(int(k), 3)]
}

const (
	// MaxSeries is how many series an instrument has in one process, and in the sum
	// of a pool. All further label values count as Other.
	MaxSeries = 200
	// MaxValue is the longest label value in bytes; a longer one is cut. Its length
	// takes one byte in a key.
	MaxValue = 127
	// Other is the value of every label of what is counted above MaxSeries.
	Other = "_other"

	maxInstruments = 1000
	maxLabels      = 10
	maxBounds      = 50
)

// Instrument is one declared counter, gauge or histogram.
type Instrument struct {
	Shape
	id    uint64 // of the shape: two programs that declare the same have the same
	words int    // of each series: see isFloat

	root  Series                             // the only series, if there are no labels
	known atomic.Pointer[map[string]*Series] // by key; replaced, never changed
	other atomic.Pointer[Series]             // the one for all others, once there are MaxSeries
}

// Shape is what makes two instruments the same.
type Shape struct {
	Kind   Kind
	Name   string
	Help   string // not a part of the identity
	Labels []string
	Bounds []float64 // upper bounds of a histogram's buckets, ascending
}

// registry has all instruments of this process, and where its series count.
var registry struct {
	mu     sync.Mutex // also covers the daemon's side
	list   []*Instrument
	byName map[string]*Instrument // by Shape.family
	byID   map[uint64]*Instrument
	region *region // nil: in ordinary memory
}

// Declare makes an instrument. It panics if the shape breaks a rule of
// Prometheus or a limit, or if the name is taken: instruments are declared as
// variables of packages, where no caller could take an error.
func Declare(s Shape) *Series {
	if err := s.check(); err != nil {
		panic(fmt.Sprintf("meter: %s %q: %v", s.Kind, s.Name, err))
	}
	registry.mu.Lock()
	defer registry.mu.Unlock()
	taken := registry.byName[s.family()]
	switch {
	case taken != nil && taken.Name == s.Name:
		panic(fmt.Sprintf("meter: %s %q is declared twice: declare it once, as a variable of a package", s.Kind, s.Name))
	case taken != nil:
		panic(fmt.Sprintf("meter: %s %q: there is the %s %q already, and OpenMetrics calls both of them %q: use another name", s.Kind, s.Name, taken.Kind, taken.Name, s.family()))
	case len(registry.list) == maxInstruments:
		panic(fmt.Sprintf("meter: %s %q is one too many: a program has at most %d instruments; use labels for what differs between calls", s.Kind, s.Name, maxInstruments))
	case registry.byName == nil:
		registry.byName, registry.byID = map[string]*Instrument{}, map[uint64]*Instrument{}
	}
	i := &Instrument{Shape: s, id: s.id(), words: s.size()}
	i.root.of = i
	i.known.Store(new(map[string]*Series))
	registry.list = append(registry.list, i)
	registry.byName[s.family()], registry.byID[i.id] = i, i
	return &i.root
}

// size returns the words of a series: a counter has its whole increments and
// the others, a gauge its value, a histogram its buckets, the one above all
// bounds, and the sum.
func (s *Shape) size() int {
	switch s.Kind {
	case Counter:
		return 2
	case Gauge:
		return 1
	}
	return len(s.Bounds) + 2
}

// isFloat reports whether a word is a float64: otherwise it is an integer.
func (i *Instrument) isFloat(word int) bool {
	return i.Kind == Gauge || word == i.words-1
}

// id returns a hash of all but the help.
func (s *Shape) id() uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %q %q", s.Kind, s.Name, s.Labels)
	for _, b := range s.Bounds {
		h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(b)))
	}
	return h.Sum64()
}

// Instrument returns what the series belongs to.
func (s *Series) Instrument() *Instrument { return s.of }

// With returns the series of the label values, in the order of the labels.
func (s *Series) With(values []string) *Series {
	i := s.of
	if len(values) != len(i.Labels) || s != &i.root {
		panic(i.misused(s, len(values)))
	}
	if len(values) == 0 {
		return s
	}
	var room [1 + MaxValue]byte // enough for most
	key := appendKey(room[:0], values)
	if found := (*i.known.Load())[string(key)]; found != nil {
		return found
	}
	return i.admit(values)
}

func (i *Instrument) misused(s *Series, n int) string {
	if s != &i.root {
		return fmt.Sprintf("meter: %s %q: With on what With has returned", i.Kind, i.Name)
	}
	return fmt.Sprintf("meter: %s %q: With got %d values for %d labels (%s)", i.Kind, i.Name, n, len(i.Labels), strings.Join(i.Labels, ", "))
}

// appendKey appends values in a form that no other values have; values of up to
// MaxValue bytes as a record has them.
func appendKey(b []byte, values []string) []byte {
	for _, v := range values {
		b = binary.AppendUvarint(b, uint64(len(v)))
		b = append(b, v...)
	}
	return b
}

// admit returns the series of values that were not found as they are.
func (i *Instrument) admit(values []string) *Series {
	clean := make([]string, len(values))
	for n, v := range values {
		clean[n] = cleanValue(v)
	}
	key := string(appendKey(nil, clean))
	if found := (*i.known.Load())[key]; found != nil {
		return found
	}
	if other := i.other.Load(); other != nil {
		return other
	}
	registry.mu.Lock()
	defer registry.mu.Unlock()
	before := *i.known.Load()
	if found := before[key]; found != nil {
		return found
	}
	if len(before) >= MaxSeries {
		if i.other.Load() == nil {
			other := &Series{of: i, values: others(len(values))}
			if named := before[string(appendKey(nil, other.values))]; named != nil {
				other = named // the program has used these values: no two series may have the same
			}
			i.other.Store(other)
		}
		return i.other.Load()
	}
	after := make(map[string]*Series, len(before)+1)
	for k, s := range before {
		after[k] = s
	}
	s := &Series{of: i, values: clean}
	after[key] = s
	i.known.Store(&after)
	return s
}

// cleanValue returns a copy of v that is UTF-8 and not too long.
func cleanValue(v string) string {
	if len(v) > MaxValue {
		v = v[:MaxValue]
		for n := 1; n <= utf8.UTFMax && n < len(v); n++ { // not half a character at the end
			if tail := v[len(v)-n:]; utf8.RuneStart(tail[0]) {
				if !utf8.FullRuneInString(tail) {
					v = v[:len(v)-n]
				}
				break
			}
		}
	}
	return strings.ToValidUTF8(strings.Clone(v), "?") // never longer: "?" is one byte
}

func others(n int) []string {
	values := make([]string, n)
	for i := range values {
		values[i] = Other
	}
	return values
}

// seriesLocked returns the series of i that have been used.
func (i *Instrument) seriesLocked() (used []*Series) {
	add := func(s *Series) {
		if s != nil && s.words.Load() != nil {
			used = append(used, s)
		}
	}
	add(&i.root)
	other := i.other.Load()
	for _, s := range *i.known.Load() {
		if s != other {
			add(s)
		}
	}
	add(other)
	return used
}

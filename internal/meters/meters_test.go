package meters

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"
)

// alone gives a test instruments and pools of its own.
func alone(t testing.TB) {
	list, byName, byID, of := registry.list, registry.byName, registry.byID, pools
	t.Cleanup(func() {
		registry.list, registry.byName, registry.byID, registry.region, pools = list, byName, byID, nil, of
	})
	registry.list, registry.byName, registry.byID, pools = nil, nil, nil, nil
}

func declareCounter(labels ...string) *Series {
	return Declare(Shape{Kind: Counter, Name: "test_total", Help: "x", Labels: labels})
}

func declareGauge() *Series { return Declare(Shape{Kind: Gauge, Name: "test_level", Help: "x"}) }

func declareHistogram() *Series {
	return Declare(Shape{Kind: Histogram, Name: "test_sizes", Help: "x", Bounds: []float64{1, 2}})
}

// aligned returns n zero bytes at a multiple of 8.
func aligned(n int) []byte {
	words := make([]uint64, (n+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), n)
}

// pen writes a region as a worker does, honestly or not.
type pen struct{ mem []byte }

func (p *pen) write(s *Series, values []string, words ...uint64) {
	p.mem = appendRecord(p.mem, &Series{of: s.of, values: values}, words)
}

// read returns a region of these bytes, and zeros behind.
func (p *pen) region(read func([]byte)) {
	mem := aligned(len(p.mem) + 64)
	copy(mem, p.mem)
	read(mem)
}

// of returns what a pool has of an instrument, as text.
func of(pool string, s *Series) (text string) {
	for _, f := range Gather() {
		for _, v := range f.Series {
			if f.Instrument == s.of && v.Pool == pool {
				text += fmt.Sprint(v.Values, v.Words, " ")
			}
		}
	}
	return strings.TrimSpace(text)
}

func bitsOf(v float64) uint64 { return math.Float64bits(v) }

// The sums of a pool are those of its workers, living and gone; what a worker
// takes back, or cannot have counted, changes nothing.
func TestSumsNeverGoBack(t *testing.T) {
	alone(t)
	counter := declareCounter("a")
	var p pen
	w := Join("back", p.region)
	other := Join("back", func(func([]byte)) {})
	want := func(text string) {
		t.Helper()
		if got := of("back", counter); got != text {
			t.Errorf("%s, not %s", got, text)
		}
	}
	say := func(whole uint64, part float64) {
		p.mem = nil
		p.write(counter, []string{"x"}, whole, bitsOf(part))
	}
	say(5, 0.5)
	want(fmt.Sprint([]string{"x"}, []uint64{5, bitsOf(0.5)}))
	for _, lie := range []float64{-1, math.NaN(), math.Inf(1), math.Inf(-1), 0} {
		say(3, lie)
		want(fmt.Sprint([]string{"x"}, []uint64{5, bitsOf(0.5)}))
	}
	p.mem = nil // it has freed its pages
	want(fmt.Sprint([]string{"x"}, []uint64{5, bitsOf(0.5)}))
	say(6, 1)
	w.Leave()
	want(fmt.Sprint([]string{"x"}, []uint64{6, bitsOf(1)}))
	var mine pen
	mine.write(counter, []string{"x"}, math.MaxUint64-2, bitsOf(math.MaxFloat64))
	if err := other.Take(mine.mem); err != nil {
		t.Error(err)
	}
	want(fmt.Sprint([]string{"x"}, []uint64{math.MaxUint64, bitsOf(math.MaxFloat64)}))
	other.Leave()
	want(fmt.Sprint([]string{"x"}, []uint64{math.MaxUint64, bitsOf(math.MaxFloat64)}))
}

// Fractions are told as sums that do not fall, whatever the order in which the
// workers are added up, and leave.
func TestFractionsNeverGoBack(t *testing.T) {
	alone(t)
	counter, histogram := declareCounter(), declareHistogram()
	var workers []*Worker
	for _, v := range []float64{.1, .2, .3, .7, 1e-9, 1e9, .6} {
		var p pen
		p.write(counter, nil, 0, bitsOf(v))
		p.write(histogram, nil, 1, 0, 0, bitsOf(v))
		workers = append(workers, Join("fractions", p.region))
	}
	var before [2]float64
	look := func() {
		for n, f := range Gather() {
			for _, v := range f.Series {
				if v.Pool != "fractions" {
					continue
				}
				if v.Last() < before[n] {
					t.Fatalf("%s: %v after %v", f.Name, v.Last(), before[n])
				}
				before[n] = v.Last()
			}
		}
	}
	for n := range workers {
		for range 50 {
			look()
		}
		workers[len(workers)-1-n].Leave()
	}
	look()
}

// A program may use "_other" itself. What is above the most counts there too,
// and no series is there twice.
func TestOtherOfTheProgram(t *testing.T) {
	alone(t)
	counter := declareCounter("a", "b")
	counter.With([]string{Other, Other}).Add(0, 1)
	for n := range MaxSeries + 10 {
		counter.With([]string{"x", fmt.Sprint(n)}).Add(0, 1)
	}
	seen, sum := map[string]bool{}, uint64(0)
	for _, v := range Gather()[0].Series {
		if seen[fmt.Sprint(v.Values)] {
			t.Errorf("%q is there twice", v.Values)
		}
		seen[fmt.Sprint(v.Values)], sum = true, sum+v.Words[0]
	}
	if len(seen) != MaxSeries || sum != MaxSeries+11 {
		t.Errorf("%d series count %d", len(seen), sum)
	}
}

// A gauge goes up and down, and ends with its worker.
func TestGaugesAreOfTheLiving(t *testing.T) {
	alone(t)
	gauge := declareGauge()
	var a, b pen
	first, second := Join("living", a.region), Join("living", b.region)
	for _, v := range []struct{ a, b, sum float64 }{{3, 4, 7}, {1, math.NaN(), 5}, {-2, 0, -2}} {
		a.mem, b.mem = nil, nil
		a.write(gauge, nil, bitsOf(v.a))
		b.write(gauge, nil, bitsOf(v.b))
		if got, want := of("living", gauge), fmt.Sprint([]string{}, []uint64{bitsOf(v.sum)}); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	first.Leave()
	if got, want := of("living", gauge), fmt.Sprint([]string{}, []uint64{0}); got != want {
		t.Errorf("%s, not %s", got, want)
	}
	second.Leave()
}

// What makes no sense is passed over, and what follows it is read, as long as
// the list can be followed.
func TestNonsenseIsPassedOver(t *testing.T) {
	alone(t)
	counter := declareCounter("a")
	var p pen
	p.write(counter, []string{"before"}, 1, 0)
	p.write(counter, []string{"too", "many"}, 1, 0)
	p.write(counter, nil, 1, 0)
	p.write(counter, []string{"\xff"}, 1, 0)
	p.write(counter, []string{"more words"}, 1, 2, 3)
	p.write(counter, []string{"no words"})
	p.write(&Series{of: &Instrument{id: 12345}}, []string{"unknown"}, 1, 0)
	p.write(counter, []string{"after"}, 1, 0)
	w := Join("nonsense", p.region)
	defer w.Leave()
	want := fmt.Sprint([]string{"after"}, []uint64{1, 0}, " ", []string{"before"}, []uint64{1, 0})
	if got := of("nonsense", counter); got != want {
		t.Errorf("%s, not %s", got, want)
	}
	for name, head := range map[string][]byte{
		"not a multiple of 8": {20, 0, 0, 0},
		"less than a head":    {8, 0, 0, 0},
		"more than there is":  {0xf8, 0xff, 0xff, 0xff},
		"values beyond":       {24, 0, 0, 0, 9, 0, 0, 0},
		"values far beyond":   {24, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
	} {
		mem := aligned(64)
		copy(mem, head)
		if err := w.Take(mem); !errors.Is(err, errRecord) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A worker that makes series up gets 200 and one more, however it goes about
// it, and so does its pool; what they count is kept.
func TestMadeUpSeries(t *testing.T) {
	alone(t)
	counter := declareCounter("a")
	const workers, tries = 3, 1000
	for n := range workers {
		var p pen
		w := Join("made up", p.region)
		for try := range tries {
			p.write(counter, []string{fmt.Sprint(n, " ", try)}, 1, 0)
			if try%100 == 99 {
				of("made up", counter) // reads it
				p.mem = nil
			}
		}
		if len(w.seen) != MaxSeries+1 {
			t.Errorf("%d series of one worker", len(w.seen))
		}
		w.Leave()
	}
	if n := len(pools["made up"].sums); n != MaxSeries+1 {
		t.Errorf("%d series", n)
	}
	total, last := uint64(0), ""
	for _, f := range Gather() {
		for _, v := range f.Series {
			if v.Pool == "made up" {
				total += v.Words[0]
				last = max(last, v.Values[0])
			}
		}
	}
	if total != workers*(MaxSeries+1) || last != Other {
		t.Errorf("%d were counted, not %d; the last series is %s", total, workers*(MaxSeries+1), last)
	}
}

// What a worker writes into its region is what the daemon reads; label values
// that differ at all stay apart, those that are too long or no UTF-8 are made
// fit, and those above the limit are counted together.
func TestRegion(t *testing.T) {
	alone(t)
	i := declareCounter("a", "b")
	early := i.With([]string{"early", ""})
	early.Add(0, 3)
	early.AddFloat(1, 0.5)
	old := early.words.Load()
	mem := aligned(Size())
	allocated := 0
	Attach(mem, func(part []byte) error { allocated += len(part); return nil })
	(*old)[0].Add(4) // somebody who had the old words in hand
	early.carry(old)
	i.With([]string{"earl", "y"}).Add(0, 1)
	long := strings.Repeat("é", MaxValue)
	i.With([]string{long, "\xff"}).Add(0, 2)
	i.With([]string{long + "x", "\xff"}).Add(0, 2)
	w := Join("region", func(read func([]byte)) { read(mem) })
	defer w.Leave()
	want := fmt.Sprint([]string{"earl", "y"}, []uint64{1, 0}, " ", []string{"early", ""}, []uint64{7, bitsOf(0.5)}, " ",
		[]string{long[:MaxValue-1], "?"}, []uint64{4, 0})
	if got := of("region", i); got != want {
		t.Errorf("%s, not %s", got, want)
	}
	if allocated != 4096 {
		t.Errorf("%d bytes were allocated", allocated)
	}
	for n := range 2 * MaxSeries {
		i.With([]string{fmt.Sprint(n), long}).Add(0, 1)
	}
	if got := of("region", i); !strings.Contains(got, fmt.Sprint([]string{Other, Other}, []uint64{MaxSeries + 3, 0})) {
		t.Errorf("not all others are in %s", got)
	}
	if used := registry.region.used; used > len(mem) {
		t.Errorf("%d bytes of %d", used, len(mem))
	}
}

// All series of all instruments fit into the region, with the longest values.
func TestRegionHoldsAll(t *testing.T) {
	alone(t)
	declareCounter("a", "b")
	declareGauge()
	declareHistogram()
	room := 0
	for _, i := range registry.list {
		long := slices.Repeat([]string{strings.Repeat("x", MaxValue)}, len(i.Labels))
		n := 1
		if len(i.Labels) > 0 {
			n = MaxSeries + 1
		}
		room += n * len(appendRecord(nil, &Series{of: i, values: long}, make([]uint64, i.words)))
	}
	if room != Size() {
		t.Errorf("%d bytes are needed, there are %d", room, Size())
	}
}

// Without memory for a page, a worker goes on.
func TestRegionWithoutMemory(t *testing.T) {
	alone(t)
	i := declareCounter()
	Attach(aligned(4096), func([]byte) error { return errors.New("no memory") })
	i.Add(0, 1)
	if i.Load(0) != 1 {
		t.Error("it does not count")
	}
}

// Nothing is lost if the region comes while goroutines count. Here it comes
// often, for the moment that matters is short.
func TestAttachWhileCounting(t *testing.T) {
	alone(t)
	i := declareHistogram()
	i.Add(0, 1)
	const goroutines, moves = 4, 30_000
	var all sync.WaitGroup
	var over atomic.Bool
	var counted atomic.Uint64
	for range goroutines {
		all.Go(func() {
			for !over.Load() {
				i.Add(1, 1)
				i.AddFloat(3, 0.5)
				counted.Add(1)
			}
		})
	}
	var mem []byte
	for range moves {
		mem = aligned(Size())
		Attach(mem, func([]byte) error { return nil })
	}
	over.Store(true)
	all.Wait()
	w := Join("attach", func(read func([]byte)) { read(mem) })
	defer w.Leave()
	n := counted.Load()
	if got, want := of("attach", i), fmt.Sprint([]string{}, []uint64{1, n, 0, bitsOf(float64(n) / 2)}); got != want {
		t.Errorf("%s, not %s", got, want)
	}
}

// Reports tell what has changed, in payloads of a bounded size, and the daemon
// understands them.
func TestReports(t *testing.T) {
	alone(t)
	i := declareCounter("a")
	w := Join("reports", func(func([]byte)) {})
	defer w.Leave()
	var r Reporter
	report := func() (frames int) {
		t.Helper()
		if err := r.Report(256, func(payload []byte) error {
			frames++
			if len(payload) > 256 {
				t.Errorf("a payload of %d bytes", len(payload))
			}
			return w.Take(payload)
		}); err != nil {
			t.Error(err)
		}
		return frames
	}
	for n := range 50 {
		i.With([]string{fmt.Sprint(n)}).Add(0, 1)
	}
	if n := report(); n < 50*40/256 {
		t.Errorf("%d frames", n)
	}
	if n := report(); n != 0 {
		t.Errorf("%d frames although nothing has changed", n)
	}
	i.With([]string{"7"}).Add(0, 1)
	if n := report(); n != 1 {
		t.Errorf("%d frames", n)
	}
	if got := of("reports", i); strings.Count(got, "[1 0]") != 49 || !strings.Contains(got, "[7] [2 0]") && !strings.Contains(got, "[7][2 0]") {
		t.Error(got)
	}
	failed := errors.New("no room")
	i.With([]string{"8"}).Add(0, 1)
	if err := r.Report(256, func([]byte) error { return failed }); err != failed {
		t.Error(err)
	}
}

// Whatever a region or a frame holds, the daemon neither fails nor goes back.
func FuzzRecords(f *testing.F) {
	alone(f)
	counter, gauge, histogram := declareCounter("a"), declareGauge(), declareHistogram()
	var p pen
	p.write(counter, []string{"x"}, 1, bitsOf(2))
	p.write(gauge, nil, bitsOf(-1))
	p.write(histogram, nil, 1, 2, 3, bitsOf(4))
	f.Add(p.mem, p.mem[:40])
	f.Add(p.mem[8:], binary.LittleEndian.AppendUint32(nil, math.MaxUint32))
	w := Join("fuzz", func(func([]byte)) {})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		before := map[string][]uint64{}
		for _, b := range [][]byte{first, second} {
			_ = w.Take(b)
			for _, f := range Gather() {
				for _, v := range f.Series {
					if v.Pool != "fuzz" {
						continue
					}
					key := fmt.Sprint(f.Name, len(v.Values), v.Values)
					for n, was := range before[key] {
						if f.Kind != Gauge && v.Words[n] < was {
							t.Errorf("%s went back from %d to %d", key, was, v.Words[n])
						}
						if last := v.Last(); math.IsNaN(last) {
							t.Errorf("%s is no number", key)
						}
					}
					before[key] = v.Words
				}
			}
		}
		if len(w.seen) > 3*(MaxSeries+1) {
			t.Errorf("%d series", len(w.seen))
		}
	})
}

// BenchmarkGather reads 16 workers with 100 series each.
func BenchmarkGather(b *testing.B) {
	alone(b)
	counter := declareCounter("a")
	for range 16 {
		var p pen
		for n := range 100 {
			p.write(counter, []string{fmt.Sprint("value ", n)}, 1, 0)
		}
		mem := aligned(len(p.mem) + 64)
		copy(mem, p.mem)
		Join("bench", func(read func([]byte)) { read(mem) })
	}
	for b.Loop() {
		Gather()
	}
}

package main

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.0408: "0.041", 7.254: "7.25", 83.14: "83.1", 412.6: "413", 1000: "1,000",
		99999: "99,999", 123456: "123,456", 1234567: "1,234,567", math.NaN(): none,
	} {
		if got := number(v); got != want {
			t.Errorf("number(%v) = %q, want %q", v, got, want)
		}
	}
}

// fakePeer answers nothing; rows of these tests measure it by name.
type fakePeer string

func (f fakePeer) Name() string         { return string(f) }
func (fakePeer) Procs() int             { return 1 }
func (fakePeer) Open() (Session, error) { return nil, errors.New("fake") }
func (fakePeer) Serve() error           { return errors.New("fake") }

// fakeRun measures three rounds of four peers on a machine that gets slower.
func fakeRun(name string, order *[]string) *Result {
	round := map[string]float64{}
	row := Row{
		Name: name, About: "fake", Columns: []Metric{P50, Rate, Allocs}, Versus: versus(baseline, P50, Rate),
		measure: func(p Peer, _ Config) (Sample, error) {
			*order = append(*order, p.Name())
			round[p.Name()]++
			slow := math.Pow(2, round[p.Name()])
			switch p.Name() {
			case subject:
				return Sample{P50: slow, Rate: 1e6 / slow, Allocs: 1}, nil
			case baseline:
				return Sample{P50: 100 * slow, Rate: 5e4 / slow}, nil
			case "raw":
				return nil, errNotCarried
			}
			return nil, errors.New("it broke")
		},
	}
	return runRow(row, []Peer{fakePeer("raw"), fakePeer("broken"), fakePeer(baseline), fakePeer(subject)}, 3, Config{}, &patience{read: readBusy}, func(string) {})
}

func TestRunRow(t *testing.T) {
	var order []string
	res := fakeRun("64B x1", &order)
	wantOrder := []string{"raw", "broken", baseline, subject, baseline, subject, baseline, subject}
	if !slices.Equal(order, wantOrder) {
		t.Errorf("order %q, want %q", order, wantOrder)
	}
	mine := res.peer(subject)
	if mine == nil || mine.Median[P50] != 4 {
		t.Fatalf("result %+v", mine)
	}
	want := []Ratio{{P50, baseline, Spread{0.01, 0.01, 0.01}}, {Rate, baseline, Spread{20, 20, 20}}}
	if !slices.Equal(mine.Ratios, want) {
		t.Errorf("ratios %v, want %v", mine.Ratios, want)
	}
	if _, ok := res.ratio(subject, Versus{Allocs, baseline}); ok {
		t.Error("a ratio to a metric that the other lacks")
	}
	if _, ok := res.ratio(subject, Versus{P50, "broken"}); ok {
		t.Error("a ratio to a peer that failed")
	}
	if got := failures([]*Result{res}); !slices.Equal(got, []string{"64B x1, broken: it broke"}) {
		t.Errorf("failures %q", got)
	}
	if res.peer("broken") != nil || res.peer("raw") != nil {
		t.Error("peers without a round count as measured")
	}
}

// Each round begins with the next peer.
func TestRunRowRotates(t *testing.T) {
	var order []string
	row := Row{measure: func(p Peer, _ Config) (Sample, error) {
		order = append(order, p.Name())
		return Sample{}, nil
	}}
	runRow(row, []Peer{fakePeer("a"), fakePeer("b"), fakePeer("c")}, 3, Config{}, &patience{read: readBusy}, func(string) {})
	if got := strings.Join(order, ""); got != "abcbcacab" {
		t.Errorf("order %s", got)
	}
}

func TestResultTable(t *testing.T) {
	var order []string
	var b strings.Builder
	res := fakeRun("64B x1", &order)
	others := 12.4
	res.Others = &others
	res.write(&b)
	want := `64B x1: fake; others used 12 % of the CPUs
  peer                  p50 µs  calls/s  allocs/call  p50 µs ÷ go-plugin  calls/s ÷ go-plugin
  raw               not for it
  broken     failed, see below
  go-plugin                400   12,500            –                1.00                 1.00
  legion                  4.00  250,000         1.00               0.010                 20.0

`
	if got := b.String(); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestTargets(t *testing.T) {
	var order []string
	results := []*Result{fakeRun("64B x1", &order), fakeRun("64B x64", &order)}
	verdicts := judge([]Target{
		{Row: "64B x1", Metric: P50, Versus: baseline, Limit: 0.002},
		{Row: "64B x64", Metric: Rate, Versus: baseline, AtLeast: true, Limit: 20},
		{Row: "64B x1", Metric: Allocs, Limit: 1.05},
		{Row: "64B x1", Of: baseline, Metric: P50, Limit: 500},
		{Row: "64B x1", Metric: P50, Versus: "raw", Limit: 0.08},
		{Row: "spawn", Metric: P50, Versus: baseline, Limit: 0.4},
	}, results)
	var b strings.Builder
	writeTargets(&b, verdicts)
	want := `targets, as medians of the rounds with the quartiles; 4 of 6 were measured
  target                                  measured        quartiles      limit
  64B x1, p50 µs of legion ÷ go-plugin      1.00 %  1.00 % – 1.00 %  ≤ 0.200 %  miss
  64B x64, calls/s of legion ÷ go-plugin    20.0 ×  20.0 × – 20.0 ×   ≥ 20.0 ×  pass
  64B x1, allocs/call of legion               1.00      1.00 – 1.00     ≤ 1.05  pass
  64B x1, p50 µs of go-plugin                  400        300 – 600      ≤ 500  pass
`
	if got := b.String(); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

// Each target names a row that exists and a metric that the row measures.
func TestTargetsFitTheRows(t *testing.T) {
	rows := map[string]Row{}
	for _, r := range allRows() {
		rows[r.Name] = r
	}
	for _, target := range allTargets() {
		if !slices.Contains(rows[target.Row].Columns, target.Metric) {
			t.Errorf("row %q does not measure %s", target.Row, target.Metric)
		}
	}
}

// The curve has a line for each row that was measured, and a gap for a peer
// that was not.
func TestCurve(t *testing.T) {
	row := Row{Name: "64KiB x8", Columns: []Metric{Rate}, measure: func(p Peer, _ Config) (Sample, error) {
		return Sample{Rate: map[string]float64{rawName: 2000, subject: 4000}[p.Name()]}, nil
	}}
	res := runRow(row, []Peer{fakePeer(rawName), fakePeer(subject)}, 3, Config{}, &patience{read: readBusy}, func(string) {})
	var b strings.Builder
	writeCurve(&b, []*Result{res})
	lines := strings.Split(b.String(), "\n")
	if got := strings.Fields(lines[2]); !slices.Equal(got, []string{"64KiB", "x8", "2,000", none, none, "2.00", none, none}) {
		t.Errorf("line %q of:\n%s", got, b.String())
	}
	b.Reset()
	if writeCurve(&b, nil); b.Len() > 0 {
		t.Errorf("a curve of nothing: %s", b.String())
	}
}

// What -quick measures is there.
func TestQuickExists(t *testing.T) {
	rows, err := chooseRows(allRows(), quickRows)
	if err != nil {
		t.Fatal(err)
	}
	peers, err := choosePeers(everyone(1), quickPeers)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if !slices.ContainsFunc(row.peers(1), func(p Peer) bool { return slices.Contains(peerNames(peers), p.Name()) }) {
			t.Errorf("%s has none of the peers", row.Name)
		}
	}
}

// NaN and infinity cannot be written as JSON; a report must not contain any.
func TestReportIsJSON(t *testing.T) {
	var order []string
	results := []*Result{fakeRun("64B x1", &order)}
	report := Report{Machine: describe(nil), Results: results, Verdicts: judge(allTargets(), results)}
	data, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Rows []struct {
			Peers []struct {
				Rounds []map[string]float64
			}
		}
	}
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if got := back.Rows[0].Peers[3].Rounds[2]["p50_us"]; got != 8 {
		t.Errorf("third round's p50 %v, want 8", got)
	}
}

func TestChoosing(t *testing.T) {
	if rows, err := chooseRows(allRows(), "^64B x1$"); err != nil || len(rows) != 1 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	for _, pattern := range []string{"nothing", "("} {
		if _, err := chooseRows(allRows(), pattern); err == nil {
			t.Errorf("rows %q: no error", pattern)
		}
	}
	peers, err := choosePeers(allPeers(1), "go-plugin, raw")
	if err != nil || !slices.Equal(peerNames(peers), []string{"go-plugin", "raw"}) {
		t.Errorf("peers %q, %v", peerNames(peers), err)
	}
	if _, err := choosePeers(allPeers(1), "raw,nobody"); err == nil {
		t.Error("unknown peer: no error")
	}
}

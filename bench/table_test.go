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
		Name: name, About: "fake", Columns: []Metric{P50, Rate, Allocs}, Versus: []Metric{P50, Rate},
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
	return runRow(row, []Peer{fakePeer("raw"), fakePeer("broken"), fakePeer(baseline), fakePeer(subject)}, 3, Config{}, func(string) {})
}

func TestRunRow(t *testing.T) {
	var order []string
	res := fakeRun("64B x1", &order)
	want := []string{"raw", "broken", baseline, subject, baseline, subject, baseline, subject}
	if !slices.Equal(order, want) {
		t.Errorf("order %q, want %q", order, want)
	}
	mine := res.peer(subject)
	if mine == nil || mine.Median[P50] != 4 || mine.Ratio[P50] != 0.01 || mine.Ratio[Rate] != 20 {
		t.Errorf("result %+v", mine)
	}
	if _, ok := mine.Ratio[Allocs]; ok {
		t.Error("a ratio to a metric that the baseline lacks")
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
	runRow(row, []Peer{fakePeer("a"), fakePeer("b"), fakePeer("c")}, 3, Config{}, func(string) {})
	if got := strings.Join(order, ""); got != "abcbcacab" {
		t.Errorf("order %s", got)
	}
}

func TestResultTable(t *testing.T) {
	var order []string
	var b strings.Builder
	fakeRun("64B x1", &order).write(&b)
	want := `64B x1: fake
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
		{Row: "64B x1", Metric: P50, Versus: baseline, Now: 0.05, Final: 0.002},
		{Row: "64B x64", Metric: Rate, Versus: baseline, AtLeast: true, Now: 10, Final: 25},
		{Row: "64B x1", Metric: Allocs, Final: 1.05},
		{Row: "64B x1", Metric: P50, Versus: "raw", Final: 0.08},
		{Row: "spawn", Metric: P50, Versus: baseline, Final: 0.4},
	}, results)
	var b strings.Builder
	writeTargets(&b, verdicts)
	want := `targets of legion, as medians of the rounds
  metric                        measured  this version            final
  64B x1, p50 µs ÷ go-plugin      1.00 %      ≤ 5.00 %  pass  ≤ 0.200 %  miss
  64B x64, calls/s ÷ go-plugin    20.0 ×      ≥ 10.0 ×  pass   ≥ 25.0 ×  miss
  64B x1, allocs/call               1.00             –     –     ≤ 1.05  pass
  64B x1, p50 µs ÷ raw                 –             –     –   ≤ 8.00 %     –
  spawn, p50 µs ÷ go-plugin            –             –     –   ≤ 40.0 %     –
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

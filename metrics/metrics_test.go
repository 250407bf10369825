package metrics_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/testkit"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/meter"
	"github.com/legion-go/legion/metrics"
)

var made = meter.NewCounter("test_made_total", "What was made, \"as a test\" with a \\ and\nsecond line.", "what")

func TestMain(m *testing.M) { legiontest.Main(m, func() *legion.Daemon { return newMeasured(nil).d }) }

// measured is a daemon with metrics.
type measured struct {
	d        *legion.Daemon
	work     *legion.Func[string, string]
	job      *legion.Func[string, string]
	endpoint *metrics.Endpoint
	log      *testkit.Log
}

func newMeasured(change func(*metrics.Endpoint)) *measured {
	m := &measured{endpoint: &metrics.Endpoint{}, log: &testkit.Log{}}
	m.d = legion.New(legion.Config{
		Name: "measured", Control: "none", Version: `7 "beta"`, Logger: slog.New(slog.NewTextHandler(m.log, nil)), StopTimeout: 10 * time.Second,
	})
	if change != nil {
		change(m.endpoint)
	}
	m.work = legion.Worker(m.d, "work", do, legion.Pool{Min: 1, Max: 1, Queue: 7})
	m.job = legion.Task(m.d, "job", do, legion.TaskOptions{})
	m.d.Cron("0 0 1 1 *", func(context.Context) error { return nil })
	m.d.Cron("0 0 1 1 *", func(context.Context) error { return nil })
	m.d.Use(m.endpoint)
	return m
}

// do does in a worker what a test wants.
func do(_ context.Context, what string) (string, error) {
	made.With(what).Inc()
	switch what {
	case "fail":
		return "", errors.New("as asked")
	case "die":
		os.Exit(3)
	}
	return what, nil
}

// scraped are the values of all series.
type scraped map[string]float64

var series = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?) (\S+)$`)

func (m *measured) scrape(t *testing.T, f metrics.Format) scraped {
	t.Helper()
	var b bytes.Buffer
	if err := m.endpoint.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	s := scraped{}
	for line := range strings.Lines(b.String()) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "#") {
			continue
		}
		part := series.FindStringSubmatch(line)
		if part == nil {
			t.Fatalf("not a series: %q", line)
		}
		v, err := strconv.ParseFloat(part[2], 64)
		if _, twice := s[part[1]]; err != nil || twice {
			t.Errorf("%q: %v, twice: %t", line, err, twice)
		}
		s[part[1]] = v
	}
	return s
}

// What happens is in the metrics, in both formats.
func TestEndpoint(t *testing.T) {
	legiontest.CheckLeaks(t)
	m := newMeasured(nil)
	legiontest.Start(t, m.d)
	for _, f := range []metrics.Format{metrics.Text, metrics.OpenMetrics} {
		before := m.scrape(t, f)
		for _, what := range []string{"a", "a", "fail", "die"} {
			_, _ = m.work.Call(t.Context(), what)
		}
		if _, err := m.work.Call(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if _, err := m.job.Call(t.Context(), "fail"); err == nil {
			t.Error("no error")
		}
		after := m.scrape(t, f)
		inf := `le="+Inf"`
		for name, more := range map[string]float64{
			`legion_calls_total{pool="work",func="work",outcome="ok"}`:             3,
			`legion_calls_total{pool="work",func="work",outcome="error"}`:          1,
			`legion_calls_total{pool="work",func="work",outcome="crashed"}`:        1,
			`legion_calls_total{pool="work",func="work",outcome="stopped"}`:        0,
			`legion_call_duration_seconds_count{pool="work",func="work"}`:          5,
			`legion_call_wait_seconds_bucket{pool="work",func="work",` + inf + `}`: 5,
			`legion_worker_deaths_total{pool="work",cause="exit"}`:                 1,
			`legion_worker_deaths_total{pool="work",cause="signal"}`:               0,
			`legion_workers_started_total{pool="work"}`:                            1,
			`legion_worker_start_seconds_count{pool="work"}`:                       1,
			`legion_task_runs_total{task="job",outcome="error"}`:                   1,
			`legion_task_runs_total{task="job",outcome="ok"}`:                      0,
			`legion_pool_state{pool="work",state="running"}`:                       0,
			`legion_calls_queue_limit{pool="work"}`:                                0,
			`legion_cron_runs_total{cron="0 0 1 1 * #2",outcome="ok"}`:             0,
			`legion_events_total{type="legion.PoolFailed"}`:                        0,
			`legion_ready`: 0,
			`legion_build_info{daemon="measured",version="7 \"beta\"",legion="` + m.d.Stats().Legion + `",go="` + runtime.Version() + `"}`: 0,
			`legion_upgrades_total{outcome="failed"}`: 0,
			`legion_loop_ticks_total`:                 0,
			`process_start_time_seconds`:              0,
			`test_made_total{pool="work",what="a"}`:   3,
			`test_made_total{pool="job",what="fail"}`: 1,
		} {
			was, there := before[name]
			if now := after[name]; !there && !strings.HasPrefix(name, "test_") || now-was != more {
				t.Errorf("%s: %v, then %v; want %v more", name, was, now, more)
			}
		}
		for name, want := range map[string]float64{`legion_ready`: 1, `legion_calls_queue_limit{pool="work"}`: 7, `legion_pool_state{pool="work",state="running"}`: 1} {
			if after[name] != want {
				t.Errorf("%s is %v, want %v", name, after[name], want)
			}
		}
		for name := range after {
			if strings.HasPrefix(name, "legion_call_run_seconds") || strings.Contains(name, "NaN") {
				t.Error(name)
			}
		}
	}
}

// With too many series the functions of a pool are one, from then on, and the
// log says so once.
func TestFold(t *testing.T) {
	legiontest.CheckLeaks(t)
	m := newMeasured(func(e *metrics.Endpoint) { e.RunSeconds, e.MaxSeries = true, 400 })
	legiontest.Start(t, m.d)
	for range 3 {
		if _, err := m.work.Call(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		s := m.scrape(t, metrics.Text)
		for name, want := range map[string]float64{
			`legion_calls_total{pool="work",func="_all",outcome="ok"}`:   3,
			`legion_call_run_seconds_count{pool="work",func="_all"}`:     3,
			`legion_calls_total{pool="job",func="_all",outcome="ok"}`:    0,
			`legion_call_duration_seconds_count{pool="job",func="_all"}`: 0,
		} {
			if got, there := s[name]; !there || got != want {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(s)) {
			if strings.Contains(name, `func="work"`) {
				t.Error(name)
			}
		}
	}
	if n := strings.Count(m.log.String(), "there are too many series"); n != 1 {
		t.Errorf("the log says so %d times", n)
	}
}

func TestWriteWithoutDaemon(t *testing.T) {
	if err := new(metrics.Endpoint).Write(&bytes.Buffer{}, metrics.Text); err == nil || !strings.Contains(err.Error(), "Daemon.Use") {
		t.Error(err)
	}
}

func TestFormatFor(t *testing.T) {
	for accept, want := range map[string]metrics.Format{
		"": metrics.Text, "*/*": metrics.Text, "text/html": metrics.Text,
		"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1": metrics.OpenMetrics,
		"application/openmetrics-text; version=1.0.0; charset=utf-8":                                                                            metrics.OpenMetrics,
		"text/plain;version=0.0.4;q=0.9, application/openmetrics-text;q=0.3":                                                                    metrics.Text,
		"application/openmetrics-text;version=2.0.0":                                                                                            metrics.Text,
		"application/openmetrics-text;q=0":                                                                                                      metrics.Text,
		"application/openmetrics-text;q=nonsense":                                                                                               metrics.Text,
		"APPLICATION/OpenMetrics-Text":                                                                                                          metrics.OpenMetrics,
	} {
		if got := metrics.FormatFor(accept); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}

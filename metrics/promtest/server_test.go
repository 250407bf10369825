package promtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/meter"
	"github.com/legion-go/legion/metrics"
)

// prometheus is a running server.
type prometheus struct {
	t    *testing.T
	addr string
}

// serve starts Prometheus, which scrapes as the lines of scrapes say.
func serve(t *testing.T, scrapes ...string) *prometheus {
	t.Helper()
	dir, addr := t.TempDir(), freeAddress(t)
	rules, err := filepath.Abs(alerts)
	if err != nil {
		t.Fatal(err)
	}
	conf := fmt.Sprintf(`
global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - %s
`, rules, strings.Join(scrapes, "\n  - "))
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("prometheus", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+addr, "--log.level=warn")
	log := &strings.Builder{}
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatalf("%v: .ci/install installs it", err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return &prometheus{t, addr}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// relay accepts connections on TCP and connects each to a Unix socket.
func relay(t *testing.T, unix string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var busy sync.WaitGroup
	busy.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("unix", unix)
			if err != nil {
				_ = in.Close()
				continue
			}
			pass := func(to, from net.Conn) {
				_, _ = io.Copy(to, from)
				_, _ = to.Close(), from.Close()
			}
			busy.Go(func() { pass(out, in) })
			busy.Go(func() { pass(in, out) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		busy.Wait()
	})
	return l.Addr().String()
}

// get asks the server's API. The answer is empty while the server starts.
func (p *prometheus) get(path string, data any) {
	r, err := http.Get("http://" + p.addr + "/api/v1/" + path)
	if err != nil {
		return
	}
	defer r.Body.Close()
	_ = json.NewDecoder(r.Body).Decode(&struct{ Data any }{data})
}

// sample is one series in the answer to a query.
type sample struct {
	labels map[string]string
	value  float64
}

// samples returns what an expression gives at a time.
func (p *prometheus) samples(expr string, at time.Time) (all []sample) {
	var data struct {
		Result []struct {
			Metric map[string]string
			Value  [2]any
		}
	}
	p.get(fmt.Sprintf("query?time=%d.%03d&query=%s", at.Unix(), at.Nanosecond()/1e6, url.QueryEscape(expr)), &data)
	for _, one := range data.Result {
		v, err := strconv.ParseFloat(fmt.Sprint(one.Value[1]), 64)
		if err != nil {
			p.t.Fatal(err)
		}
		all = append(all, sample{one.Metric, v})
	}
	return all
}

// query returns the values of an expression at a time, by their labels.
func (p *prometheus) query(expr string, at time.Time) map[string]float64 {
	all := map[string]float64{}
	for _, one := range p.samples(expr, at) {
		all[fmt.Sprint(one.labels)] = one.value
	}
	return all
}

// moment waits for a moment, not before this call, at which the last scrape of
// both ways had worked, and returns it when nothing can change it any more. A
// scrape that fails, on a busy machine, takes its series away until the next.
func (p *prometheus) moment() (at time.Time) {
	p.t.Helper()
	at = time.Now()
	p.until(func() string {
		now := time.Now()
		if later := p.samples(fmt.Sprintf("timestamp(up) > %d.%03d", at.Unix(), at.Nanosecond()/1e6), now); len(later) != 2 {
			return fmt.Sprintf("no scrape since %v: %v", at, later)
		}
		if up := p.samples("up == 1", at); len(up) != 2 {
			why := fmt.Sprintf("scrapes fail: %v", p.query("up", at))
			at = now
			return why
		}
		return ""
	})
	return at
}

// await waits until an expression has the value for both ways to scrape.
func (p *prometheus) await(expr string, want float64) {
	p.t.Helper()
	p.until(func() string {
		got := p.query(expr, time.Now())
		ok := len(got) == 2
		for _, v := range got {
			ok = ok && v == want
		}
		if ok {
			return ""
		}
		return fmt.Sprintf("%s is %v, not %v", expr, got, want)
	})
}

// until asks again and again what is wrong, until nothing is.
func (p *prometheus) until(wrong func() string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	for {
		why := wrong()
		if why == "" {
			return
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			p.t.Fatal(why)
		}
	}
}

// While 200 workers die and are recycled, no counter falls in the eyes of a
// server that scrapes all the time, and at the end the sums are what the
// functions did, to the last one: the program's own counters too.
func TestScrapedWhileWorkersDie(t *testing.T) {
	legiontest.CheckLeaks(t)
	s, tcp, unix := start(t)
	p := serve(t,
		fmt.Sprintf(`{job_name: legion-tcp, authorization: {credentials: %s}, static_configs: [{targets: [%q]}]}`, token, tcp),
		// Debian's version cannot connect to a Unix socket.
		fmt.Sprintf(`{job_name: legion-unix, static_configs: [{targets: [%q]}]}`, relay(t, unix)))
	p.await(`up`, 1)
	before := counted() // by the daemons of other tests: they have the same instruments
	var ok, fail, died float64
	var mu sync.Mutex
	call := func(what string) {
		_, err := s.work.Call(t.Context(), what)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case what == "die" && err != nil:
			died++
		case what == "fail" && err != nil:
			fail++
		case err == nil:
			ok++
		default:
			t.Errorf("%s: %v", what, err)
		}
	}
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range 25 {
				for _, what := range []string{"a", "fail", "a", "die"} {
					call(what)
				}
			}
			for s.d.Stats().Pools[0].Recycled < 100 {
				call("a")
			}
		})
	}
	callers.Wait()
	calls := ok + fail + died
	for expr, want := range map[string]float64{
		`legion_calls_total{pool="work"}`:                                  calls,
		`legion_calls_total{pool="work",outcome="ok"}`:                     ok,
		`legion_calls_total{pool="work",outcome="error"}`:                  fail,
		`legion_calls_total{pool="work",outcome="crashed"}`:                died,
		`legion_worker_deaths_total{pool="work",cause="exit"}`:             died,
		`legion_call_duration_seconds_count{pool="work"}`:                  calls,
		`legion_call_run_seconds_bucket{pool="work",le="+Inf"}`:            calls,
		`legion_call_duration_seconds_bucket{pool="work",le=~"60(\\.0)?"}`: calls,
		`test_made_total{pool="work"}`:                                     calls + before["test_made_total"],
		`test_size_bytes_count{pool="work"}`:                               calls + before["test_size_bytes"],
	} {
		p.await(`sum by (job) (`+expr+`)`, want)
	}
	// What Prometheus has seen: the counters of both ways, at every scrape.
	counters := `{__name__=~"(legion|test|process|go)_.*(_total|_bucket|_count|_sum)"}`
	end := p.moment()
	for labels, falls := range p.query(`resets(`+counters+`[10m]) > 0`, end) {
		t.Errorf("a counter fell %v times: %s", falls, labels)
	}
	if n := p.query(`count(`+counters+`)`, end); len(n) != 1 || n["map[]"] < 2*functions*60 {
		t.Errorf("%v counters were scraped", n)
	}
	if got := p.query(`min_over_time(up[10m]) == 0`, end); len(got) != 0 {
		t.Log("scrapes failed, on a busy machine after 500 ms:", got)
	}
	if got := p.query(`sum by (job) (legion_workers_recycled_total{pool="work"}) >= 100`, end); len(got) != 2 {
		t.Errorf("recycled: %v", got)
	}
	p.shown(t)
}

// Prometheus's page of targets says why it has no metrics, and what to do.
func TestRefusedScrapes(t *testing.T) {
	legiontest.CheckLeaks(t)
	_, tcp, _ := start(t)
	job := func(name, more string) string {
		return fmt.Sprintf(`{job_name: %s, static_configs: [{targets: [%q]}]%s}`, name, tcp, more)
	}
	p := serve(t, job("none", ""), job("wrong", ", authorization: {credentials: wrong-token-of-this-test}"),
		job("path", ", metrics_path: /elsewhere, authorization: {credentials: "+token+"}"))
	want := map[string]string{
		"none":  "401 Unauthorized: not allowed: use a client certificate that has a role; or send a token",
		"wrong": "401 Unauthorized: not allowed: ",
		"path":  "404 Not Found: there is nothing at this path",
	}
	p.until(func() string {
		var data struct {
			ActiveTargets []struct{ ScrapePool, LastError string }
		}
		p.get("targets?state=active", &data)
		seen := fmt.Sprint(data)
		for _, target := range data.ActiveTargets {
			if strings.Contains(target.LastError, want[target.ScrapePool]) {
				delete(want, target.ScrapePool)
			}
		}
		if len(want) == 0 {
			return ""
		}
		return fmt.Sprintf("%s, not %v", seen, want)
	})
}

// counted returns what the pool work has counted in the program's own counters.
func counted() map[string]float64 {
	all := map[string]float64{}
	for _, f := range meter.Gather() {
		for _, one := range f.Series {
			if one.Pool != "work" {
				continue
			}
			all[f.Name] += one.Value
			for _, n := range one.Counts {
				all[f.Name] += float64(n)
			}
		}
	}
	return all
}

// BenchmarkScrape is one scrape of a daemon with 50 functions.
func BenchmarkScrape(b *testing.B) {
	s, _, _ := start(b)
	s.endpoint.RunSeconds = false
	size := 0
	for b.Loop() {
		size = len(s.text(b, metrics.Text))
	}
	b.ReportMetric(float64(size), "bytes")
}

package promtest

import (
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/legion-go/legion/metrics"
	"github.com/legion-go/legion/status"
)

var (
	row   = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (counter|gauge|histogram|summary) \\| ([^|]*) \\| (.*) \\|$")
	parts = regexp.MustCompile(`^(.*)_(bucket|sum|count)$`)
)

// A scrape has what docs/metrics.md lists, each with the type and the labels
// that are there, and nothing else but the program's own.
func TestDocumentedSeries(t *testing.T) {
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	s, tcp, _ := start(t)
	for _, what := range []string{"a", "fail", "die"} {
		_, _ = s.work.Call(t.Context(), what)
	}
	for range 2 { // the answer to the first is counted in the second
		scrape := fetch(t, tcp)
		kinds, labelled := families(t, scrape)
		for _, m := range row.FindAllStringSubmatch(string(text), -1) {
			name, kind, want := m[1], m[2], strings.Split(strings.NewReplacer("`", "", " ", "", "–", "").Replace(m[3]), ",")
			slices.Sort(want)
			got, there := labelled[name]
			switch {
			case there && (kinds[name] != kind || got != strings.Join(want, ",")):
				t.Errorf("%s is a %s with the labels %s, not a %s with %s", name, kinds[name], got, kind, want)
			case !there && !strings.Contains(m[4], "missing") && name != "legion_control_requests_total":
				t.Errorf("%s is not in a scrape", name)
			}
			delete(labelled, name)
		}
		for name := range labelled {
			if !strings.HasPrefix(name, "test_") {
				t.Errorf("docs/metrics.md does not list %s", name)
			}
		}
	}
	if n := len(row.FindAllString(string(text), -1)); n < 60 {
		t.Errorf("only %d rows were found", n)
	}
}

// families returns the types of metrics, and the names of their labels, those
// of a bucket and a quantile left out.
func families(t *testing.T, text []byte) (kinds, labelled map[string]string) {
	t.Helper()
	p, err := textparse.New(text, metrics.Text.ContentType(), labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		t.Fatal(err)
	}
	kinds, labelled = map[string]string{}, map[string]string{}
	buckets := 0
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch entry {
		case textparse.EntryType:
			name, kind := p.Type()
			kinds[string(name)] = string(kind)
		case textparse.EntrySeries:
			var l labels.Labels
			p.Labels(&l)
			name := l.Get(model.MetricNameLabel)
			if m := parts.FindStringSubmatch(name); m != nil && kinds[m[1]] != "" {
				name = m[1]
			}
			if l.Get("le") != "" && strings.HasPrefix(name, "legion_worker_start_seconds") && l.Get("pool") == "work" {
				buckets++
			}
			labelled[name] = names(l)
		}
	}
	if buckets != len(status.Bounds)+1 {
		t.Errorf("a histogram has %d buckets", buckets)
	}
	return kinds, labelled
}

// names are the labels of a series, sorted.
func names(l labels.Labels) string {
	var all []string
	l.Range(func(one labels.Label) {
		if one.Name != model.MetricNameLabel && one.Name != "le" && one.Name != "quantile" {
			all = append(all, one.Name)
		}
	})
	slices.Sort(all)
	return strings.Join(all, ",")
}

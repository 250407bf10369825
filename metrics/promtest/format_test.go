package promtest

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/legion-go/legion/metrics"
)

// Neither of Prometheus's linters finds anything, before the first call and
// after some of all kinds.
func TestLint(t *testing.T) {
	s, _, _ := start(t)
	for range 2 {
		text := s.text(t, metrics.Text)
		problems, err := promlint.New(bytes.NewReader(text)).Lint()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
		if out := tool(t, text, "check", "metrics"); out != "" {
			t.Error(out)
		}
		for _, what := range []string{"a", "fail", "die"} {
			_, _ = s.work.Call(t.Context(), what)
		}
	}
}

// series parses what a daemon writes with Prometheus's parser, and returns all
// series, sorted.
func series(t testing.TB, text []byte, f metrics.Format) (all []string) {
	t.Helper()
	p, err := textparse.New(text, f.ContentType(), labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			slices.Sort(all)
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if entry == textparse.EntrySeries {
			var l labels.Labels
			p.Labels(&l)
			all = append(all, l.String())
		}
	}
}

// Both formats are read by Prometheus's own parsers, to the same series, each
// once; and there are as many as the document says.
func TestParse(t *testing.T) {
	s, _, _ := start(t)
	if _, err := s.work.Call(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	text, open := series(t, s.text(t, metrics.Text), metrics.Text), series(t, s.text(t, metrics.OpenMetrics), metrics.OpenMetrics)
	if !slices.Equal(text, open) {
		t.Errorf("the text format has %d series, OpenMetrics %d", len(text), len(open))
	}
	if once := slices.Compact(slices.Clone(text)); len(once) != len(text) {
		t.Errorf("%d of %d series are there twice", len(text)-len(once), len(text))
	}
	own := 0
	for _, one := range text {
		if strings.HasPrefix(one, `{__name__="test_`) {
			own++
		}
		if strings.Contains(one, "pid") && !strings.Contains(one, `method="`) {
			t.Error("a pid is a label:", one)
		}
	}
	for _, f := range []metrics.Format{metrics.Text, metrics.OpenMetrics} {
		s.endpoint.RunSeconds = false // as by default
		if size := len(s.text(t, f)); size > 300<<10 {
			t.Errorf("a scrape has %d bytes", size)
		} else {
			t.Logf("a scrape of %d functions has %d bytes", functions, size)
		}
	}
	if got, most := len(text)-own, functions*(51+19)+3*65+150; got > most || got < most-200 {
		t.Errorf("%d series, want a little less than %d", got, most)
	}
}

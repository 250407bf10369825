package promtest

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/legion-go/legion/metrics"
)

const alerts, dashboard = "../../docs/alerts.yml", "../../docs/grafana.json"

// The alerts are valid, and fire when they should and not otherwise.
func TestAlerts(t *testing.T) {
	tool(t, nil, "check", "rules", alerts)
	tool(t, nil, "test", "rules", "testdata/alerts_test.yml")
	text, err := os.ReadFile(alerts)
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile("testdata/alerts_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`- alert: (\w+)`).FindAllSubmatch(text, -1)
	if len(names) != 10 {
		t.Errorf("%d alerts", len(names))
	}
	document, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.Contains(string(tests), "alertname: "+string(name[1])+"\n") {
			t.Errorf("%s has no test", name[1])
		}
		if !strings.Contains(string(document), "| `"+string(name[1])+"` |") {
			t.Errorf("docs/metrics.md does not say what %s means", name[1])
		}
	}
}

// Each expression of the dashboard and of the alerts can be parsed, and names
// metrics that a daemon has.
func TestExpressions(t *testing.T) {
	s, _, _ := start(t)
	known := map[string]bool{"up": true}
	name := regexp.MustCompile(`^\{__name__="([^"]+)"`)
	for _, one := range series(t, s.text(t, metrics.Text), metrics.Text) {
		known[name.FindStringSubmatch(one)[1]] = true
	}
	// These appear when something happens.
	known["legion_control_requests_total"] = true
	text, err := os.ReadFile(dashboard)
	if err != nil {
		t.Fatal(err)
	}
	var of struct {
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ Expr string }
		}
		Annotations struct{ List []struct{ Expr string } }
	}
	if err := json.Unmarshal(text, &of); err != nil {
		t.Fatal(err)
	}
	expressions, ids := map[string]string{}, map[int]bool{}
	for _, p := range of.Panels {
		if ids[p.ID] || len(p.Targets) == 0 {
			t.Errorf("the panel %q has no expression, or the number of another", p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			expressions[target.Expr] = p.Title
		}
	}
	for _, a := range of.Annotations.List {
		expressions[a.Expr] = "an annotation"
	}
	if len(of.Panels) < 12 {
		t.Errorf("%d panels", len(of.Panels))
	}
	rules, err := os.ReadFile(alerts)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?s)expr: (?:\|\n)?(.*?)\n        (?:for|labels):`).FindAllSubmatch(rules, -1) {
		expressions[string(m[1])] = "an alert"
	}
	if n := len(expressions); n < 30 {
		t.Errorf("only %d expressions were found", n)
	}
	for text, where := range expressions {
		e, err := parser.NewParser(parser.Options{}).ParseExpr(strings.ReplaceAll(text, "$__rate_interval", "5m"))
		if err != nil {
			t.Errorf("%s: %v\n%s", where, err, text)
			continue
		}
		parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
			if v, ok := n.(*parser.VectorSelector); ok && !known[v.Name] {
				t.Errorf("%s: there is no metric %s", where, v.Name)
			}
			return nil
		})
	}
}

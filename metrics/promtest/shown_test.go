package promtest

import (
	"encoding/json"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

const dashboard = "../../docs/grafana.json"

// board is what is looked at of docs/grafana.json.
type board struct {
	Panels []struct {
		ID      int
		Title   string
		GridPos struct{ X, Y, W, H int }
		Targets []struct{ RefID, Expr, LegendFormat string }
	}
	Annotations struct {
		List []struct{ Expr, TitleFormat string }
	}
	Templating struct {
		List []struct {
			Name, Type string
			Query      any
		}
	}
}

func readBoard(t *testing.T) (b board) {
	t.Helper()
	text, err := os.ReadFile(dashboard)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// The panels have numbers and places of their own. make grafana checks all
// fields.
func TestPanels(t *testing.T) {
	type place struct{ x, y int }
	ids, places, panels := map[int]bool{}, map[place]string{}, readBoard(t).Panels
	if len(panels) < 12 {
		t.Errorf("%d panels", len(panels))
	}
	for _, p := range panels {
		if ids[p.ID] || len(p.Targets) == 0 {
			t.Errorf("the panel %q has no expression, or the number of another", p.Title)
		}
		ids[p.ID] = true
		refs := map[string]bool{}
		for _, target := range p.Targets {
			if target.RefID == "" || refs[target.RefID] {
				t.Errorf("%s: refId %q", p.Title, target.RefID)
			}
			refs[target.RefID] = true
		}
		g := p.GridPos
		if g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24 {
			t.Errorf("%s: %+v", p.Title, g)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other := places[place{x, y}]; other != "" {
					t.Fatalf("%s lies on %s", p.Title, other)
				}
				places[place{x, y}] = p.Title
			}
		}
	}
}

// variables are those of the dashboard, as they are with "All" chosen.
var variables = strings.NewReplacer("$job", ".*", "$instance", ".*", "$pool", ".*", "$__rate_interval", "5m", "${datasource}", "")

var (
	legend  = regexp.MustCompile(`\{\{ *(\w+) *\}\}`)
	told    = regexp.MustCompile(`\$labels\.(\w+)`)
	values  = regexp.MustCompile(`^label_values\((.*), (\w+)\)$`)
	oneRule = regexp.MustCompile(`(?s)^- alert: (\w+)\n +expr: (?:\|\n)?(.*?)\n        (?:for|labels):(.*)$`)
)

// shown checks, on the series of a daemon that has been busy, that each
// expression of the dashboard shows something, and that each alert compares
// something; that legends and annotations name labels which are there; and that
// every value of a label that is asked for exists.
func (p *prometheus) shown(t *testing.T) {
	l := look{t: t, p: p, at: p.moment()}
	l.dashboard()
	l.alerts()
}

// look is one look at everything.
type look struct {
	t  *testing.T
	p  *prometheus
	at time.Time
}

func (l *look) samples(expr string) []sample { return l.p.samples(expr, l.at) }

func (l *look) dashboard() {
	b := readBoard(l.t)
	for _, panel := range b.Panels {
		for _, target := range panel.Targets {
			expr := variables.Replace(target.Expr)
			l.parse(expr)
			all, finite := l.samples(expr), 0
			for _, one := range all {
				if !math.IsNaN(one.value) && !math.IsInf(one.value, 0) {
					finite++
				}
			}
			if finite == 0 {
				l.t.Errorf("%s: nothing to show: %v: %s", panel.Title, all, expr)
			}
			l.labelled(panel.Title, all, legend.FindAllStringSubmatch(target.LegendFormat, -1))
		}
	}
	for _, a := range b.Annotations.List {
		if changed, ok := l.parse(variables.Replace(a.Expr)).(*parser.BinaryExpr); ok {
			l.labelled(a.Expr, l.samples(changed.LHS.String()), legend.FindAllStringSubmatch(a.TitleFormat, -1))
		}
	}
	for _, v := range b.Templating.List {
		if v.Type == "datasource" {
			continue
		}
		query, _ := v.Query.(map[string]any)["query"].(string)
		part := values.FindStringSubmatch(variables.Replace(query))
		if part == nil {
			l.t.Errorf("the variable %s: %v", v.Name, v.Query)
			continue
		}
		l.parse(part[1])
		l.labelled("the variable "+v.Name, l.samples(part[1]), [][]string{{"", part[2]}})
	}
}

func (l *look) alerts() {
	text, err := os.ReadFile(alerts)
	if err != nil {
		l.t.Fatal(err)
	}
	rules := strings.Split(string(text), "\n      - alert:")[1:]
	if len(rules) != 10 {
		l.t.Errorf("%d alerts", len(rules))
	}
	for _, rule := range rules {
		m := oneRule.FindStringSubmatch("- alert:" + rule)
		if m == nil {
			l.t.Fatalf("cannot read this rule: %s", rule)
		}
		if e, ok := l.parse(m[2]).(*parser.BinaryExpr); ok && e.Op.IsComparisonOperator() {
			l.labelled(m[1], l.samples(e.LHS.String()), told.FindAllStringSubmatch(m[3], -1))
		} else {
			l.t.Errorf("%s compares nothing: %s", m[1], m[2])
		}
	}
}

// labelled says if there are no samples, or if one lacks a label.
func (l *look) labelled(where string, all []sample, names [][]string) {
	if len(all) == 0 {
		l.t.Errorf("%s: no series", where)
	}
	for _, name := range names {
		for _, one := range all {
			if one.labels[name[1]] == "" {
				l.t.Errorf("%s: %v has no label %s", where, one.labels, name[1])
				break
			}
		}
	}
}

// parse parses an expression with the newest parser, and looks whether each
// selector in it finds series, with the labels by which they are grouped.
func (l *look) parse(text string) parser.Expr {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		l.t.Fatalf("%v\n%s", err, text)
	}
	parser.Inspect(e, func(n parser.Node, path []parser.Node) error {
		v, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		var names [][]string
		for _, above := range path {
			if a, ok := above.(*parser.AggregateExpr); ok {
				for _, name := range a.Grouping {
					names = append(names, []string{"", name})
				}
			}
		}
		l.labelled(text, l.samples(v.String()), names)
		for _, m := range v.LabelMatchers {
			if m.Name != model.MetricNameLabel && m.Value != ".*" && m.Name != "job" {
				l.named(v.Name, m)
			}
		}
		return nil
	})
	return e
}

// named looks whether every value that a matcher names is one of the label's.
func (l *look) named(metric string, m *labels.Matcher) {
	for value := range strings.SplitSeq(m.Value, "|") {
		if one := metric + "{" + m.Name + `="` + value + `"}`; len(l.samples(one)) == 0 {
			l.t.Errorf("there is no %s", one)
		}
	}
}

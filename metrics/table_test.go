package metrics

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/legion-go/legion/status"
)

// docs/metrics.md has the table, row by row.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, m := range table {
		labels := "–"
		if len(m.labels) > 0 {
			labels = "`" + strings.Join(m.labels, "`, `") + "`"
		}
		want = append(want, fmt.Sprintf("| `%s` | %s | %s | %s |", m.name, m.kind, labels, strings.TrimSuffix(m.help, ".")))
	}
	_, list, _ := strings.Cut(string(text), "\n## The metrics\n")
	list, _, _ = strings.Cut(list, "\nThe values of labels:\n")
	for line := range strings.Lines(list) {
		if strings.HasPrefix(line, "| `") {
			got = append(got, strings.TrimSuffix(line, "\n"))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("docs/metrics.md, section The metrics, should have these rows:\n%s", strings.Join(want, "\n"))
	}
	for _, causes := range [][]string{poolStates, workerStates, status.Outcomes, status.RecycleReasons, status.DeathCauses, status.RefusalReasons} {
		for _, word := range causes {
			if !strings.Contains(string(text), "`"+word+"`") {
				t.Errorf("docs/metrics.md does not name the value %q of a label", word)
			}
		}
	}
}

// Names are those that Prometheus advises, each once.
func TestNames(t *testing.T) {
	valid, seen := regexp.MustCompile(`^(legion|process|go)(_[a-z0-9]+)+$`), map[string]bool{}
	for _, m := range table {
		base := strings.TrimSuffix(m.name, "_total") // of OpenMetrics
		if !valid.MatchString(m.name) || seen[base] {
			t.Errorf("%s is not valid, or there twice", m.name)
		}
		seen[base] = true
		if (m.kind == counter) != (base != m.name) {
			t.Errorf("%s is a %s", m.name, m.kind)
		}
		if !strings.HasSuffix(m.help, ".") {
			t.Errorf("the help of %s is no sentence", m.name)
		}
	}
}

// Each of Legion's events is counted from 0 on.
func TestEventTypes(t *testing.T) {
	files, err := filepath.Glob("../event/*.go")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"*legion.Stats"}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, spec := range g.Specs {
				s := spec.(*ast.TypeSpec)
				if _, isStruct := s.Type.(*ast.StructType); !isStruct || !s.Name.IsExported() {
					continue
				}
				switch name := s.Name.Name; name {
				case "Log":
					want = append(want, "*legion.Log")
				case "Failure":
					want = append(want, "legion.Error")
				default:
					want = append(want, "legion."+name)
				}
			}
		}
	}
	slices.Sort(want)
	if !slices.Equal(eventTypes, want) {
		t.Errorf("eventTypes should be\n%q\nnot\n%q", want, eventTypes)
	}
}

// Whatever a label or a help has in it, a line stays a line.
func TestEscaping(t *testing.T) {
	m := metric{name: "x_seconds_total", kind: counter, help: "a\\b\n\"c\"\xff.", labels: []string{"l", "m"}}
	for open, want := range map[bool]string{
		false: "# HELP x_seconds_total a\\\\b\\n\"c\"\uFFFD.\n# TYPE x_seconds_total counter\nx_seconds_total{l=\"a\\\\b\\n\\\"c\\\"\uFFFD\",m=\"\"} 0.5\n",
		true: "# HELP x_seconds a\\\\b\\n\\\"c\\\"\uFFFD.\n# TYPE x_seconds counter\n# UNIT x_seconds seconds\n" +
			"x_seconds_total{l=\"a\\\\b\\n\\\"c\\\"\uFFFD\",m=\"\"} 0.5\n# EOF\n",
	} {
		out := &sink{openMetrics: open}
		out.begin(&m)
		out.value(0.5, "a\\b\n\"c\"\xff", "")
		if got := string(out.end()); got != want {
			t.Errorf("%q\nnot\n%q", got, want)
		}
	}
}

// A histogram is cumulative, has every bucket, and its bounds are as each
// format wants them.
func TestHistogram(t *testing.T) {
	m := metric{name: "h", kind: histogram, help: "H."}
	for open, one := range map[bool]string{false: "1", true: "1.0"} {
		out := &sink{openMetrics: open}
		out.begin(&m)
		out.buckets([]float64{0.5, 1, 1e-05}, []uint64{1, 0}, 7.25)
		want := `h_bucket{le="0.5"} 1` + "\n" + `h_bucket{le="` + one + `"} 1` + "\n" + `h_bucket{le="1e-05"} 1` + "\n" + `h_bucket{le="+Inf"} 1` + "\nh_sum 7.25\nh_count 1\n"
		if got := string(out.b); !strings.HasSuffix(got, want) {
			t.Errorf("%q\nnot\n%q", got, want)
		}
	}
}

package promtest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

const alerts = "../../docs/alerts.yml"

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

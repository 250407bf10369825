//go:build grafana

package promtest_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// The dashboard has every field that the types which Grafana publishes want,
// and no other. They take most of a minute to compile, so they are behind a
// tag: make grafana.
func TestDashboardIsGrafanas(t *testing.T) {
	r := cog.NewRuntime()
	r.RegisterPanelcfgVariant(stat.VariantConfig())
	r.RegisterPanelcfgVariant(timeseries.VariantConfig())
	r.RegisterPanelcfgVariant(heatmap.VariantConfig())
	r.RegisterDataqueryVariant(prometheus.VariantConfig())
	text, err := os.ReadFile("../../docs/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	//lint:ignore SA1019 Grafana imports version 1 as well as 2, and older ones import no other
	var strict, d dashboard.Dashboard
	// Its error is never nil, but empty without a fault; what it reads lacks the
	// panels.
	if err := strict.UnmarshalJSONStrict(text); err != nil && err.Error() != "" {
		t.Error(err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	if err := d.Validate(); err != nil {
		t.Error(err)
	}
	for _, p := range d.Panels {
		if p.Panel == nil {
			t.Errorf("not a panel: %+v", p)
		} else if _, known := cog.ConfigForPanelcfgVariant(p.Panel.Type); !known {
			t.Errorf("%s is of a type that this test does not know: %s", *p.Panel.Title, p.Panel.Type)
		}
	}
}

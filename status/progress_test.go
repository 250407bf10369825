package status

import "testing"

func TestProgressString(t *testing.T) {
	for want, p := range map[string]*Progress{
		"":            nil,
		"43 % page 3": {Done: 3, Of: 7, Note: "page 3"},
		"100 %":       {Done: 7, Of: 7},
		"1.5 MiB":     {Done: 1.5, Note: "MiB"},
		"1e+09":       {Done: 1e9},
		"starting":    {Note: "starting"},
	} {
		if got := p.String(); got != want {
			t.Errorf("%+v: %q, not %q", p, got, want)
		}
	}
}

package slow_test

import (
	"flag"
	"testing"

	"github.com/legion-go/legion/internal/slow"
)

func TestShort(t *testing.T) {
	short := flag.Lookup("test.short").Value
	before := short.String()
	defer short.Set(before)
	for _, c := range []struct {
		short   string
		skips   bool
		n, want int
	}{
		{"true", true, 300, 30},
		{"true", true, 3, 1},
		{"false", false, 300, 300},
	} {
		short.Set(c.short)
		var skipped bool
		t.Run("slow", func(t *testing.T) {
			defer func() { skipped = t.Skipped() }()
			if got := slow.Tenth(t, c.n, "it counts", "1 s"); got != c.want {
				t.Errorf("-short=%s: %d of %d, want %d", c.short, got, c.n, c.want)
			}
			slow.Test(t, "it sleeps", "1 s")
		})
		if skipped != c.skips {
			t.Errorf("-short=%s: skipped: %v, want %v", c.short, skipped, c.skips)
		}
	}
}

package cli

import (
	"strings"
	"testing"
)

// Values of labels come from workers: a file gets them as they are, a terminal
// nothing that it would obey.
func TestMetricsOnATerminal(t *testing.T) {
	f := newFake(t, map[string]string{"path.get": `{"status":200,"content_type":"text/plain","body":"a_total{pool=\"p\",x=\"\u001b]0;x\u0007\"} 1\n"}`})
	for _, terminal := range []bool{false, true} {
		code, out, errs := f.run(80, terminal, "metrics", "thumbs")
		if code != ExitOK || !strings.HasSuffix(out, " 1\n") || strings.ContainsAny(out, "\x1b\a") == terminal {
			t.Errorf("on a terminal %v: code %d, %q, %q", terminal, code, out, errs)
		}
	}
}

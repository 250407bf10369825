package enum

import "testing"

var names = Names{"mixed", "stop-daemon", "eager"}

func TestText(t *testing.T) {
	for v, want := range map[int]string{0: "mixed", 1: "stop-daemon", 3: "3", -1: "-1"} {
		if got := names.Text(v); got != want {
			t.Errorf("%d is %q, not %q", v, got, want)
		}
		b, err := names.Marshal(v)
		if known := v >= 0 && v < len(names); known != (err == nil) || known && string(b) != want {
			t.Errorf("%d is %q: %v", v, b, err)
		}
	}
}

// Names are read in any case and with any separator, and numbers of values.
func TestParse(t *testing.T) {
	for text, want := range map[string]int{"mixed": 0, "EAGER": 2, "stop-daemon": 1, "Stop_Daemon": 1, "stopdaemon": 1, "2": 2, "3": -1, "-1": -1, "": -1, "lazy": -1} {
		v, err := names.Parse([]byte(text))
		if want < 0 {
			if err == nil || err.Error() != "use mixed, stop-daemon or eager" {
				t.Errorf("%q is %d: %v", text, v, err)
			}
		} else if v != want || err != nil {
			t.Errorf("%q is %d (%v), not %d", text, v, err, want)
		}
	}
}

func TestString(t *testing.T) {
	for want, n := range map[string]Names{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := n.String(); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

package meters

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// check returns why the shape cannot be declared, or nil. The rules for names
// are those of Prometheus and of its linter:
// https://prometheus.io/docs/practices/naming/.
func (s *Shape) check() error {
	if !isName(s.family()) {
		return errors.New("the name may have letters, digits and _ only, and must not begin with a digit")
	}
	for _, prefix := range []string{"legion_", "go_", "process_"} {
		if strings.HasPrefix(s.Name, prefix) {
			return fmt.Errorf("names with %s are Legion's own: begin the name with your program's", prefix)
		}
	}
	if strings.HasSuffix(s.Name, "_total") != (s.Kind == Counter) {
		return errors.New("the name of a counter, and of nothing else, ends in _total")
	}
	for _, suffix := range []string{"_count", "_sum", "_bucket", "_created", "_info"} {
		if strings.HasSuffix(s.Name, suffix) {
			return fmt.Errorf("names must not end in %s: Prometheus forms such names itself", suffix)
		}
	}
	if strings.TrimSpace(s.Help) == "" || !utf8.ValidString(s.Help) {
		return errors.New("the help must say, in UTF-8, what is measured")
	}
	if err := s.checkLabels(); err != nil {
		return err
	}
	return s.checkBounds()
}

// family is the name of all series together in OpenMetrics: that of a counter
// is without _total.
func (s *Shape) family() string { return strings.TrimSuffix(s.Name, "_total") }

func (s *Shape) checkLabels() error {
	if len(s.Labels) > maxLabels {
		return fmt.Errorf("%d labels are too many: at most %d", len(s.Labels), maxLabels)
	}
	for n, label := range s.Labels {
		switch {
		case !isName(label) || strings.HasPrefix(label, "__"):
			return fmt.Errorf("label %q: it may have letters, digits and _ only, and must not begin with a digit or with __", label)
		case label == "pool":
			return errors.New("label \"pool\" is added by Legion: it says which pool's workers have counted")
		case label == "le" && s.Kind == Histogram:
			return errors.New("label \"le\" is the bound of a bucket in Prometheus: use another name")
		case slices.Contains(s.Labels[:n], label):
			return fmt.Errorf("label %q is there twice", label)
		}
	}
	return nil
}

func (s *Shape) checkBounds() error {
	switch {
	case s.Kind != Histogram:
		return nil
	case len(s.Bounds) == 0 || len(s.Bounds) > maxBounds:
		return fmt.Errorf("%d buckets: need 1 to %d", len(s.Bounds), maxBounds)
	case s.Bounds[0] < 0:
		return fmt.Errorf("the bound %g is negative: a histogram is of durations, sizes and amounts", s.Bounds[0])
	}
	for n, b := range s.Bounds {
		switch {
		case math.IsNaN(b) || math.IsInf(b, 0):
			return fmt.Errorf("the bound %g is no number: the bucket above all bounds is there by itself", b)
		case n > 0 && b <= s.Bounds[n-1]:
			return fmt.Errorf("the bound %g follows %g: bounds must ascend", b, s.Bounds[n-1])
		}
	}
	return nil
}

// isName reports whether s is a name for Prometheus. Colons, which it allows in
// names of metrics, are for the rules of its operator.
func isName(s string) bool {
	for n, c := range []byte(s) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (n == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

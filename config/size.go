package config

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Size is a number of bytes. It is written "256MiB", "1.5GB" or as a number;
// units are B, KiB, MiB, GiB, TiB (1024) and kB, MB, GB, TB (1000). Every
// integer field takes these; a Size is also printed with them.
type Size uint64

var units = []struct {
	name string
	size uint64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
}

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	n, err := parseSize(string(text))
	if err != nil {
		if n, plain := strconv.ParseUint(string(text), 10, 64); plain == nil {
			*s = Size(n)
			return nil
		}
		return err
	}
	*s = Size(n)
	return nil
}

// MarshalText returns String.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String returns the size in the largest unit of 1024 that gives a whole
// number: "256MiB".
func (s Size) String() string {
	if s != 0 {
		for _, u := range units[:4] {
			if uint64(s)%u.size == 0 {
				return strconv.FormatUint(uint64(s)/u.size, 10) + u.name
			}
		}
	}
	return strconv.FormatUint(uint64(s), 10) + "B"
}

// parseSize reads a number with a unit of size.
func parseSize(text string) (uint64, error) {
	for _, u := range units {
		if len(text) < len(u.name) || !strings.EqualFold(text[len(text)-len(u.name):], u.name) {
			continue
		}
		number := strings.TrimSpace(text[:len(text)-len(u.name)])
		if n, err := strconv.ParseUint(number, 10, 64); err == nil {
			high, low := bits.Mul64(n, u.size)
			if high != 0 {
				return 0, fmt.Errorf("%s is too large", text)
			}
			return low, nil
		}
		f, err := strconv.ParseFloat(number, 64)
		if err != nil || f < 0 || math.IsNaN(f) {
			return 0, notASize(text)
		}
		if f *= float64(u.size); f >= math.MaxUint64 {
			return 0, fmt.Errorf("%s is too large", text)
		}
		return uint64(f), nil
	}
	return 0, notASize(text)
}

func notASize(text string) error {
	return fmt.Errorf("%q is not a size: write a number and its unit, as in 64KiB, 256MiB or 1.5GB", text)
}

package draw

import (
	"fmt"
	"strconv"
	"time"
)

// Span is a duration in at most two units: 1.24ms, 3.1s, 2m05s, 3h12m, 4d01h;
// "" for 0.
func Span(d time.Duration) string {
	switch {
	case d == 0:
		return ""
	case d < 0:
		return "-" + Span(-d)
	case d < time.Microsecond:
		return "<1µs"
	case d < time.Millisecond:
		return short(float64(d)/float64(time.Microsecond)) + "µs"
	case d < time.Second:
		return short(float64(d)/float64(time.Millisecond)) + "ms"
	case d < time.Minute:
		return short(d.Seconds()) + "s"
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%02dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// short has three digits.
func short(f float64) string {
	switch {
	case f < 9.995:
		return strconv.FormatFloat(f, 'f', 2, 64)
	case f < 99.95:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 0, 64)
}

// Size is a number of bytes in three digits: 1.50M, 64.0M; "" for 0.
func Size(bytes uint64) string {
	if bytes == 0 {
		return ""
	}
	f, unit := float64(bytes), 0
	for f >= 999.5 && unit < 6 {
		f, unit = f/1024, unit+1
	}
	if unit == 0 {
		return strconv.FormatUint(bytes, 10) + "B"
	}
	return short(f) + "KMGTPE"[unit-1:unit]
}

// Count is a number; "" for 0, so that others stand out.
func Count[T int | uint64](n T) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// Rate is a number a second.
func Rate(f float64) string {
	switch {
	case f == 0:
		return "0"
	case f >= 999_500:
		return short(f/1e6) + "M"
	case f >= 9_999.5:
		return short(f/1e3) + "k"
	case f >= 99.95:
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'f', 1, 64)
}

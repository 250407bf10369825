package metrics

import (
	"strconv"
	"strings"
)

// Format is how metrics are written.
type Format int

const (
	Text        Format = iota // Prometheus's text format 0.0.4
	OpenMetrics               // OpenMetrics 1.0
)

// ContentType returns the media type of the format.
func (f Format) ContentType() string {
	if f == OpenMetrics {
		return "application/openmetrics-text; version=1.0.0; charset=utf-8"
	}
	return "text/plain; version=0.0.4; charset=utf-8"
}

// FormatFor returns the format that the field Accept of an HTTP request prefers
// (RFC 9110, section 12.5.1). It is Text if both are as welcome, or none is
// named.
func FormatFor(accept string) Format {
	var open, text float64
	for part := range strings.SplitSeq(accept, ",") {
		media, parameters, _ := strings.Cut(part, ";")
		q, version := 1.0, ""
		for parameter := range strings.SplitSeq(parameters, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
			switch strings.ToLower(name) {
			case "q":
				var err error
				if q, err = strconv.ParseFloat(value, 64); err != nil || !(q >= 0 && q <= 1) {
					q = 0
				}
			case "version":
				version = strings.Trim(value, `"`)
			}
		}
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "application/openmetrics-text":
			if version == "" || version == "1.0.0" {
				open = max(open, q)
			}
		case "text/plain":
			if version == "" || version == "0.0.4" {
				text = max(text, q)
			}
		}
	}
	if open > text {
		return OpenMetrics
	}
	return Text
}

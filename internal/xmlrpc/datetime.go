package xmlrpc

import (
	"errors"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// dateTimeLayout is the layout of written times: without zone, in UTC, which
// even the oldest clients can read.
const dateTimeLayout = "20060102T15:04:05"

var errDateTime = errors.New("not a time such as 19980717T14:08:55 or 1998-07-17T14:08:55Z")

// dateTime reads the spellings of ISO 8601 that are in use (see doc.go).
// time.Parse would need a layout for each, and accepts hours of one digit.
func dateTime(text string) (jsontext.Value, error) {
	s := scanner{rest: text}
	year := s.digits(4)
	dashed := s.skip("-")
	month := s.digits(2)
	if dashed {
		s.need("-")
	}
	day := s.digits(2)
	s.need("T")
	hour := s.digits(2)
	colons := s.skip(":")
	minute, second, nanos := s.digits(2), 0, 0
	if colons && s.skip(":") || !colons && s.digit() {
		second = s.digits(2)
		if s.skip(".") || s.skip(",") {
			nanos = s.fraction()
		}
	}
	zone := s.zone()
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanos, zone)
	// time.Date turns 30 February into a day of March.
	if s.bad || s.rest != "" || t.Month() != time.Month(month) || hour > 23 || minute > 59 || second > 59 {
		return nil, errDateTime
	}
	return jsontext.AppendQuote(nil, t.Format(time.RFC3339Nano))
}

// scanner reads a text from left to right. It remembers whether it found a
// mistake.
type scanner struct {
	rest string
	bad  bool
}

func (s *scanner) skip(prefix string) (found bool) {
	s.rest, found = strings.CutPrefix(s.rest, prefix)
	return found
}

func (s *scanner) need(prefix string) {
	if !s.skip(prefix) {
		s.bad = true
	}
}

// digit reports whether a digit follows.
func (s *scanner) digit() bool {
	return s.rest != "" && '0' <= s.rest[0] && s.rest[0] <= '9'
}

// digits reads a number of exactly n digits.
func (s *scanner) digits(n int) (v int) {
	for range n {
		if !s.digit() {
			s.bad = true
			return 0
		}
		v = 10*v + int(s.rest[0]-'0')
		s.rest = s.rest[1:]
	}
	return v
}

// fraction reads one to nine digits after the point, as nanoseconds.
func (s *scanner) fraction() int {
	v := s.digits(1)
	for range 8 {
		v *= 10
		if s.digit() {
			v += s.digits(1)
		}
	}
	return v
}

// zone reads an offset from UTC, if the text has one.
func (s *scanner) zone() *time.Location {
	sign := 1
	switch {
	case s.rest == "" || s.skip("Z"):
		return time.UTC
	case s.skip("-"):
		sign = -1
	default:
		s.need("+")
	}
	hours, minutes := s.digits(2), 0
	if s.skip(":") || s.digit() {
		minutes = s.digits(2)
	}
	if hours > 23 || minutes > 59 {
		s.bad = true
	}
	return time.FixedZone("", sign*(hours*60+minutes)*60)
}

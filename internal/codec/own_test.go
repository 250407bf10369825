package codec_test

import (
	"fmt"
	"math/big"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestOwnEncodings(t *testing.T) {
	type hosts struct {
		Addr   netip.Addr
		Prefix netip.Prefix
		Port   netip.AddrPort
		URL    *url.URL
		Big    *big.Int
		Float  big.Float
		Rat    []big.Rat
		ByAddr map[netip.Addr]int
		Shout  shouted
		Whole  Wrapped
	}
	u, _ := url.Parse("https://me@example.com/a?b#c")
	v := hosts{
		netip.MustParseAddr("fe80::1%eth0"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParseAddrPort("[::1]:80"), u,
		new(big.Int).Lsh(big.NewInt(-3), 5000), *big.NewFloat(1.25), []big.Rat{*big.NewRat(1, 3)},
		map[netip.Addr]int{netip.MustParseAddr("1.2.3.4"): 1, {}: 2}, "loud", Wrapped{time.Now().UTC().Round(0)},
	}
	v.Float.SetPrec(200).Quo(&v.Float, big.NewFloat(3)) // the text encoding would lose bits
	same(t, v)
	same(t, hosts{Shout: shouted(strings.Repeat("long", 50))}) // the length takes two bytes
	same(t, Wrapped{time.Now().UTC().Round(0)})
}

// Wrapped inherits the methods of Time, and travels all the same: it has no
// other field to lose.
type Wrapped struct{ time.Time }

// shouted travels in upper case.
type shouted string

func (s shouted) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(string(s))), nil }
func (s *shouted) UnmarshalText(b []byte) error {
	*s = shouted(strings.ToLower(string(b)))
	clear(b) // the method owns this copy
	return nil
}

// moody fails in every way a method can.
type moody struct{ Mood string }

func (m moody) AppendBinary(b []byte) ([]byte, error) {
	switch m.Mood {
	case "error":
		return append(b, "rubbish"...), fmt.Errorf("no mood: %w", errMood)
	case "panic":
		panic("mood")
	case "short":
		return nil, nil
	}
	return append(b, m.Mood...), nil
}

func (m *moody) UnmarshalBinary(b []byte) error {
	switch string(b) {
	case "derror":
		return errMood
	case "dpanic":
		var nobody *moody
		nobody.Mood = "lost"
	}
	m.Mood += string(b)
	return nil
}

var errMood = fmt.Errorf("bad mood")

func TestOwnEncodingFails(t *testing.T) {
	type job struct{ Items []map[string]moody }
	c := mustFor[job](t)
	for mood, want := range map[string]string{
		"error": `codec: cannot encode codec_test.job.Items[1]["k"]: AppendBinary: no mood: bad mood`,
		"panic": `codec: cannot encode codec_test.job.Items[1]["k"]: AppendBinary panicked: mood`,
		"short": `codec: cannot encode codec_test.job.Items[1]["k"]: AppendBinary returned less than it was given`,
	} {
		b, err := c.Append([]byte("head"), &job{[]map[string]moody{nil, {"k": {mood}}}})
		if err == nil || err.Error() != want || string(b) != "head" {
			t.Errorf("%q, %v\nwant %s", b, err, want)
		}
	}
	for mood, want := range map[string]string{
		"derror": `codec: cannot decode codec_test.job.Items[1]["k"]: UnmarshalBinary: bad mood`,
		"dpanic": `codec: cannot decode codec_test.job.Items[1]["k"]: UnmarshalBinary panicked: runtime error: invalid memory address or nil pointer dereference`,
	} {
		b, err := c.Append(nil, &job{[]map[string]moody{nil, {"k": {mood}}}})
		if err != nil {
			t.Fatal(err)
		}
		var got job
		if err := c.Decode(b, &got); err == nil || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	// The destination of an Unmarshal method is a new value, whatever *m was
	// before.
	m := moody{"old"}
	if err := mustFor[moody](t).Decode([]byte("\x03new"), &m); err != nil || m.Mood != "new" {
		t.Errorf("%v, %v", m, err)
	}
}

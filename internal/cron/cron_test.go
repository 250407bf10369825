package cron_test

import (
	"testing"
	"time"

	"github.com/legion-go/legion/internal/cron"
)

func at(t *testing.T, zone, s string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	when, err := time.ParseInLocation("2006-01-02 15:04:05", s, loc)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func TestNext(t *testing.T) {
	for _, c := range []struct{ spec, zone, from, next string }{
		{"*/5 * * * *", "UTC", "2026-01-01 00:01:00", "2026-01-01 00:05:00"},
		{"0 30 6 * * 1-5", "UTC", "2026-11-21 00:00:00", "2026-11-23 06:30:00"},
		{"@daily", "UTC", "2026-11-21 10:00:00", "2026-11-22 00:00:00"},
		{"0 0 29 2 *", "UTC", "2026-11-21 10:00:00", "2028-02-29 00:00:00"},
		{"TZ=Europe/Berlin 0 6 * * *", "UTC", "2026-07-01 00:00:00", "2026-07-01 04:00:00"},
		{"TZ=Europe/Berlin 0 6 * * *", "UTC", "2026-12-01 00:00:00", "2026-12-01 05:00:00"},
	} {
		e, err := cron.Parse(c.spec)
		if err != nil {
			t.Error(err)
			continue
		}
		e.Start(at(t, c.zone, c.from))
		if want := at(t, c.zone, c.next); !e.Next().Equal(want) {
			t.Errorf("%s after %s: %v, want %v", c.spec, c.from, e.Next(), want)
		}
	}
}

// An entry for two times a day runs twice a day for a whole year, in a zone
// where the hour of the entry is skipped in spring and repeated in autumn.
func TestDaylightSaving(t *testing.T) {
	e, err := cron.Parse("TZ=Europe/Berlin 0,30 2 * * *")
	if err != nil {
		t.Fatal(err)
	}
	now := at(t, "Europe/Berlin", "2026-01-01 00:00:00")
	e.Start(now)
	perDay := map[string]int{}
	for range 366 * 24 * 12 {
		now = now.Add(5 * time.Minute)
		if e.Due(now) {
			perDay[now.Format(time.DateOnly)]++
		}
	}
	for day, n := range perDay {
		if n != 2 && !(n == 0 || n == 1 && day == "2026-03-29") {
			t.Errorf("%s: %d times", day, n)
		}
	}
	if len(perDay) < 365 {
		t.Errorf("it ran on %d days", len(perDay))
	}
}

func TestClockJumps(t *testing.T) {
	e, err := cron.Parse("* * * * *")
	if err != nil {
		t.Fatal(err)
	}
	real := time.Now()                                                          // has a monotonic reading
	real = real.Add(real.Truncate(time.Minute).Add(90 * time.Second).Sub(real)) // half a minute from where it is due
	wall := func(d, shift time.Duration) time.Time {
		// The result of time.Now after d, if the clock was moved by shift.
		return shifted(real.Add(d), shift)
	}
	e.Start(real)
	runs := 0
	for d := time.Duration(0); d <= time.Hour; d += time.Second {
		if e.Due(wall(d, 0)) {
			runs++
		}
	}
	if runs != 60 {
		t.Errorf("%d times in an hour", runs)
	}
	if !e.Due(wall(time.Hour+time.Minute, 10*time.Hour)) { // the clock was set forward, or the machine slept
		t.Error("nothing after the jump")
	}
	if e.Due(wall(time.Hour+time.Minute+time.Second, 10*time.Hour)) {
		t.Error("a burst after the jump")
	}
	if wait := e.Wait(wall(time.Hour+time.Minute+time.Second, 10*time.Hour)); wait > cron.MaxWait || wait <= 0 {
		t.Errorf("it would wait for %v", wait)
	}
}

func TestBadExpressions(t *testing.T) {
	for _, spec := range []string{"", "x", "61 * * * *", "* * * *", "TZ=Nowhere/Land * * * * *"} {
		if _, err := cron.Parse(spec); err == nil {
			t.Errorf("%q was accepted", spec)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("*/5 * * * *")
	f.Add("TZ=Europe/Berlin 0 5 1-7 * 1")
	f.Add("@every 1h")
	f.Fuzz(func(t *testing.T, spec string) {
		e, err := cron.Parse(spec)
		if err != nil {
			return
		}
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		e.Start(now)
		if w := e.Wait(now); w < 0 || w > cron.MaxWait {
			t.Errorf("%q: wait %v", spec, w)
		}
	})
}

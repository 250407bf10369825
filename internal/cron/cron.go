// Package cron tells when cron entries are due. An Entry has no timer: the
// caller passes the time, so that jumps of the clock can be tested. A Clock has
// one, and begins the Jobs of entries that are due.
package cron

import (
	"fmt"
	"time"

	gocron "github.com/netresearch/go-cron"
)

// MaxWait bounds how long the caller may sleep before it asks again: the wall
// clock may be set meanwhile, or the machine may sleep.
const MaxWait = 30 * time.Second

// jump is how far the wall clock may drift from the monotonic one, between two
// calls of Due, before it counts as set.
const jump = 2 * time.Second

var parser = gocron.MustNewParser(gocron.SecondOptional | gocron.Minute | gocron.Hour | gocron.Dom | gocron.Month | gocron.Dow | gocron.Descriptor)

// Entry is one cron expression and its state.
type Entry struct {
	schedule gocron.Schedule
	next     time.Time // wall clock; zero if it will never be due
	last     time.Time // the value of next before the current one
	asked    time.Time // time of the last call of Due, with both clocks
}

// Parse reads a cron expression: minute, hour, day of month, month, day of
// week, with optional seconds before them; or @hourly, @daily, @weekly,
// @monthly, @yearly, @every 90s. "TZ=Europe/Berlin " before it sets the time
// zone; the default is the machine's.
func Parse(spec string) (*Entry, error) {
	s, err := parser.Parse(spec)
	if err != nil {
		return nil, fmt.Errorf("cron expression %q: %w", spec, err)
	}
	return &Entry{schedule: s}, nil
}

// Start sets the time after which the entry can be due.
func (e *Entry) Start(now time.Time) {
	e.asked = now
	e.next = e.schedule.Next(now)
}

// Due reports whether the entry is due at now. It is due once for all the times
// that have passed since the last call. If the clock was set back, the new time
// counts.
func (e *Entry) Due(now time.Time) bool {
	wall := now.Round(0).Sub(e.asked.Round(0))
	back := wall < now.Sub(e.asked)-jump
	e.asked = now
	switch {
	case back:
		e.next = e.schedule.Next(now)
		return false
	case e.next.IsZero() || now.Round(0).Before(e.next):
		return false
	}
	e.last = e.next
	e.next = e.schedule.Next(now)
	for e.repeated() {
		e.next = e.schedule.Next(e.next)
	}
	return true
}

// repeated reports whether local time goes back between last and next, as at
// the end of summer time. An entry for certain hours does not run again in the
// hour that comes twice, as in Vixie's cron.
func (e *Entry) repeated() bool {
	s, ok := e.schedule.(*gocron.SpecSchedule)
	const anyHour = 1 << 63 // set for "*", where each hour counts
	if !ok || s.Hour&anyHour != 0 || e.next.IsZero() {
		return false
	}
	const clock = "2006-01-02 15:04:05"
	return e.next.In(s.Location).Format(clock) <= e.last.In(s.Location).Format(clock)
}

// Wait returns how long to wait before asking again, at most MaxWait.
func (e *Entry) Wait(now time.Time) time.Duration {
	if e.next.IsZero() {
		return MaxWait
	}
	return min(max(e.next.Sub(now.Round(0)), 0), MaxWait)
}

// Next returns when the entry is due next, or the zero time.
func (e *Entry) Next() time.Time { return e.next }

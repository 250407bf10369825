package ring

import "time"

const (
	// SpinBudget is how long spinning for a record is worth it: about the cost of
	// parking and being woken.
	SpinBudget = 20 * time.Microsecond

	spinProbe   = 4   // a probe after a back-off may spin for this many budgets
	spinBackMin = 4   // waits that go straight to the park after the first failure
	spinBackMax = 256 // and after many failures
)

// Spinner decides whether a wait should spin. It spins only while spinning pays
// off: after a failed spin it sends the next 4, 8 … 256 waits straight to the
// park; a successful spin quarters that number. So spinning soon costs nothing
// on a machine with busy cores, or with a slow peer. The zero Spinner is ready
// to use. It is not safe for concurrent use.
type Spinner struct {
	back, skip int
}

// Budget returns how long the wait that begins now should spin, if extra is how
// much longer than usual the record may take; 0 means not at all. After a
// budget greater than 0, report with Hit or Miss. (A probe gets extra once: a
// probe of a millisecond would find answers for which no other spin is long
// enough, and burn as much again in the spins that follow.)
func (s *Spinner) Budget(extra time.Duration) time.Duration {
	switch {
	case s.skip > 0:
		s.skip--
		return 0
	case s.back > 0:
		return spinProbe*SpinBudget + extra
	}
	return SpinBudget + extra
}

// Hit reports that the record came during the spin.
func (s *Spinner) Hit() { s.back /= 4 }

// Miss reports that the record did not come during the spin.
func (s *Spinner) Miss() {
	s.back = min(max(2*s.back, spinBackMin), spinBackMax)
	s.skip = s.back
}

// Skips returns, and takes from the Spinner, the number of waits that go
// straight to the park, for a caller that counts them itself.
func (s *Spinner) Skips() int {
	n := s.skip
	s.skip = 0
	return n
}

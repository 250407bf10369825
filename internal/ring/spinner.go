package ring

import "time"

const (
	// SpinBudget is how long it is worth to spin for a record: about the cost of
	// parking and being woken.
	SpinBudget = 20 * time.Microsecond

	spinProbe   = 4   // a probe after a back-off may spin so many times longer
	spinBackMin = 4   // waits that go straight to the park after the first failure
	spinBackMax = 256 // and after many
)

// Spinner decides whether a wait should spin. It spins only while that has been
// paying off: after a spin that failed it sends the next 4, 8 … 256 waits
// straight to the park; a spin that succeeds quarters that number. So a machine
// whose cores are wanted by others, or a peer that is slow, soon stops costing
// anything. The zero Spinner is ready. It is not safe for concurrent use.
type Spinner struct {
	back, skip int
}

// Budget is how long the wait that begins now should spin; 0 means not at all.
// After a budget greater than 0, report with Hit or Miss.
func (s *Spinner) Budget() time.Duration {
	switch {
	case s.skip > 0:
		s.skip--
		return 0
	case s.back > 0:
		return spinProbe * SpinBudget
	}
	return SpinBudget
}

// Hit reports that what was spun for came.
func (s *Spinner) Hit() { s.back /= 4 }

// Miss reports that it did not.
func (s *Spinner) Miss() {
	s.back = min(max(2*s.back, spinBackMin), spinBackMax)
	s.skip = s.back
}

// Skips hands over the waits that are to go straight to the park, for a user
// that counts them itself.
func (s *Spinner) Skips() int {
	n := s.skip
	s.skip = 0
	return n
}

// Package slow marks tests that take long, each with its reason. go test -short
// leaves them out, or does a tenth of their work.
package slow

import "testing"

// Test skips the rest of the test t in go test -short. why says what takes the
// time. takes is how long the test takes on two idle cores without the race
// detector, such as "3 s".
func Test(t testing.TB, why, takes string) {
	t.Helper()
	if testing.Short() {
		t.Skipf("slow: %s, %s", why, takes)
	}
}

// Tenth returns n, and a tenth of n in go test -short, but at least 1. n counts
// something that t does; why and takes are the same as for Test, with all of n.
func Tenth(t testing.TB, n int, why, takes string) int {
	t.Helper()
	if !testing.Short() {
		return n
	}
	t.Logf("a tenth of %d: slow: %s, %s", n, why, takes)
	return max(n/10, 1)
}

//go:build !race

package pool

// histories is how many random histories a test run has.
const histories = 10_000

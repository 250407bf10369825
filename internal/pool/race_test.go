//go:build race

package pool

// histories is how many random histories a test run has: with the race detector
// each takes ten times as long.
const histories = 800

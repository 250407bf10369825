//go:build race

package link_test

// raceDetector tells that the race detector is built in. Its atomic operations are C code, in which a fault ends the
// process whatever Go says.
const raceDetector = true

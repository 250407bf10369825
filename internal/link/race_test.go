//go:build race

package link_test

// raceDetector tells that the race detector is built in. Its atomic operations
// are C code, in which a fault ends the process in spite of SetPanicOnFault.
const raceDetector = true

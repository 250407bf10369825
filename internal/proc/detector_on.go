//go:build race

package proc

// raceDetector tells that the race detector is built in: it has shadow memory
// of several times the size of all memory, and its own allocator.
const raceDetector = true

//go:build race

package proc

// raceDetector tells that the race detector is built in: it has a shadow several times the size of all memory, and an
// allocator of its own.
const raceDetector = true

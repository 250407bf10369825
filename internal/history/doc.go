// Package history remembers how pools and functions did: each second of five
// minutes, each ten seconds of an hour, and each minute of a day. It takes at
// most 4 MiB.
//
// Once a second a [History] takes the counts of each pool, which only grow, and
// stores the differences. It keeps them in few bytes:
//
//   - history.go: History, what is remembered and for how long
//   - tick.go: a second of it
//   - series.go: the samples of a pool, or of a function
//   - record.go: a sample in 18 bytes, or 28
//   - squeeze.go: numbers in one byte or two
//   - room.go: which functions are remembered if there are many
//   - passing.go: what the next process of the daemon gets
//   - run.go: the goroutine
//
// All methods but Run may be called from any goroutine.
package history

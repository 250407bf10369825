// Package loop is the daemon's one executor: it runs functions one at a time, so that they may share state without
// a lock.
//
// A [Loop] runs two kinds of function, all of them on the goroutine that called [Loop.Run]:
//
//   - posted ones, handed over by [Loop.Post] from any goroutine, in the order in which they came; a post wakes the
//     loop at once;
//   - ticks, declared by [Loop.Every]. The n-th tick (n = 0, 1, 2 …) is due at start + n·interval, where start is the
//     beginning of Run or, while it runs, the call of Every. No error adds up, whatever the functions take. A tick
//     that is late, because something else ran too long or the process was stopped, is run once; the ones that it
//     missed are counted and never made up for.
//
// Neither kind starves the other. Due ticks go first, and among them the one that has been due longest; but a tick that
// took a time t leaves the next t to the posted functions that wait, one of them at least, before another tick begins.
// So a flood of posts holds a tick up by what the tick before it took and one function more, and ticks that take longer
// than their interval leave half of the time to the posts.
//
// Time is the monotonic clock: setting the system's clock moves no tick.
//
// # Reading order
//
// loop.go holds the loop itself, posts.go the queue of what was posted, ticker.go
// the schedule of one ticker, tickers.go the set of them, alarm.go, with
// alarm_linux.go and alarm_other.go, what the loop sleeps by, and onloop.go tells
// the loop's goroutine from others.
//
// # Concurrency
//
// Every exported function is safe for use from any goroutine, the loop's own included; Run may be called once. Nothing
// in this package waits for a running function, so that nothing can wait for itself.
package loop

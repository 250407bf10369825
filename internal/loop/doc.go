// Package loop is the daemon's single executor: it runs functions one at a
// time, so that they can share state without a lock.
//
// A [Loop] runs two kinds of functions, all on the goroutine that called
// [Loop.Run]:
//
//   - posted functions, given to [Loop.Post] from any goroutine, in the order
//     of posting; a post wakes the loop at once;
//   - ticks, declared by [Loop.Every]. The n-th tick (n = 0, 1, 2 …) is due at
//     start + n·interval, where start is the beginning of Run or, while it
//     runs, the call of Every. Errors do not add up, however long the functions
//     take. A tick that is late, because another function ran too long or the
//     process was stopped, runs once; missed ticks are counted and never made
//     up for.
//
// Neither kind starves the other. Due ticks go first, the longest overdue
// first; but after a tick that took a time t, waiting posted functions, at
// least one, get the next t before another tick begins. So a flood of posts
// delays a tick by at most the duration of the tick before it and one function
// more, and ticks that take longer than their interval leave half of the time
// to the posts.
//
// Time is the monotonic clock: setting the system's clock does not move ticks.
//
// # Reading order
//
// loop.go holds the loop itself, posts.go the queue of posted functions,
// ticker.go the schedule of one ticker, tickers.go the set of tickers,
// alarm.go, with alarm_linux.go and alarm_other.go, the timer that the loop
// sleeps on, onloop.go tells the loop's goroutine from others, and watch.go
// reports a function that holds the loop.
//
// # Concurrency
//
// Every exported function is safe for use from any goroutine, including the
// loop's; Run may be called once. No function of this package waits for a
// running function, so none can wait for itself.
package loop

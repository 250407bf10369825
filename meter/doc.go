// Package meter has a program's own counters, gauges and histograms. They are
// counted in workers as in the daemon, and are read in the daemon:
//
//	var made = meter.NewCounter("thumbs_made_total", "Thumbnails made, by format.", "format")
//
//	func thumb(ctx context.Context, picture []byte) ([]byte, error) { // runs in a worker
//		defer made.With("jpeg").Inc()
//		…
//	}
//
// Instruments are variables of packages: every process of the program declares
// the same. With, Inc, Add, Set and Observe work everywhere, also before Start
// and in the setup of a worker, and take no lock, no memory and no system call
// once a series was used. The cost is that of an atomic addition. [Gather], in
// the daemon, returns everything; package metrics serves it to Prometheus.
//
// # What is counted when a worker dies
//
// A worker counts in memory that it shares with the daemon. So nothing that it
// has counted is lost, whether it leaves, is killed, runs out of memory or
// crashes in C: Inc counts as soon as it returns. The daemon keeps the sums of
// all workers that have ended, so a counter never goes back when workers are
// recycled, killed or replaced by a reload. A gauge is the sum over the workers
// that live.
//
// Over sockets (Pool.Transport, and systems without shared memory) a worker
// sends what has changed once a second and when it leaves. If it dies, what it
// counted in the last second may be lost.
//
// Counters begin at 0 when the daemon's process begins, after a restart or an
// upgrade also; Prometheus takes that as the reset that it is. Workers that are
// goroutines (InProcess) count as the daemon. All daemons of one process, as a
// test may have them, share the instruments.
//
// # Series
//
// What an instrument counts is told apart by the pool, which Legion adds, and
// by its labels. Use labels with few values: a format, an outcome, not a user
// or a path. An instrument has at most 200 series in each process, and in the
// sum of each pool; label values beyond count together as "_other". A label
// value has at most 127 bytes, of UTF-8: longer ones are cut.
//
// # Trust
//
// A compromised worker can count what it likes in the name of its pool, but not
// declare instruments, take away what was counted, or make the daemon keep more
// than these series.
package meter

// Package meter has counters, gauges and histograms for a program's own
// figures. Workers count in them as well as the daemon; the daemon reads them:
//
//	var made = meter.NewCounter("thumbs_made_total", "Thumbnails made, by format.", "format")
//
//	func thumb(ctx context.Context, picture []byte) ([]byte, error) { // runs in a worker
//		defer made.With("jpeg").Inc()
//		…
//	}
//
// Declare instruments as variables of packages, so that every process of the
// program declares the same. With, Inc, Add, Set and Observe work everywhere,
// also before Start and in the setup of a worker. Once a series has been used
// they take no lock, no memory and no system call: Inc costs an atomic
// addition. [Gather], in the daemon, returns everything; package metrics serves
// it to Prometheus.
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
// Counters begin at 0 in each new process of the daemon, also after a restart
// or an upgrade; Prometheus takes that as a reset. Workers that are goroutines
// (InProcess) count as the daemon. If a process has several daemons, as tests
// do, they share the instruments.
//
// # Series
//
// An instrument has a series for each pool, a label that Legion adds, and each
// set of values of its own labels. Use labels with few values: a format or an
// outcome, not a user or a path. An instrument has at most 200 series in each
// process, and in the sum of each pool; label values beyond these count
// together as "_other". A label value has at most 127 bytes of UTF-8; longer
// ones are cut.
//
// # Trust
//
// A compromised worker can count what it likes in the name of its pool, but not
// declare instruments, take away what was counted, or make the daemon keep more
// than these series.
package meter

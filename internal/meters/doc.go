// Package meters holds the instruments of a program, its counters, gauges and
// histograms, and brings what workers count to the daemon. Package meter is its
// public face.
//
// Reading order: instrument.go (what is declared) with names.go (what it may be
// called), series.go (one set of label values, and how it counts), region.go
// (the memory that a worker shares with its daemon, and its layout); then the
// daemon's side: record.go (reading what a worker wrote), worker.go (what one
// worker has counted), pool.go (what all workers of a pool have), gather.go
// (everything); and frames.go (for workers without shared memory).
//
// # Why no increment is lost
//
// The words that a series counts in lie in the region, a part of the segment
// that the worker shares with its daemon. An increment is one atomic addition
// there: from the next instruction on, the worker may die in any way, and the
// daemon, which has the same memory, reads the sum. Three orders make that
// true:
//
//   - A series gets its record in the region, and the record is published,
//     before its first increment. A record is published by its size, which is
//     written last: one that a death left unfinished is not there.
//   - The daemon reads a region the last time when the process is reaped, and
//     unmaps it only then.
//   - What was counted before the worker had its region (in main, before Start)
//     is carried over: see Series.carry.
//
// # Why no sum goes back
//
// The daemon remembers the highest value of each word that it has seen of each
// living worker. When a worker ends, its values are added to what the dead
// workers of its pool have counted; one lock covers both, so no reader sees a
// worker twice or not at all.
//
// # Trust
//
// The daemon believes nothing that a worker writes. It copies a record's head
// and values before it checks them, and knows each series by what these say,
// not by where they lie. A record that makes no sense ends the reading. An
// instrument that the daemon does not declare in the same shape is passed over.
// A word that went back, or is no possible sum, keeps the value that it had. So
// a compromised worker can lie about its own counts, and can do nothing else:
// it gets at most MaxSeries series of each instrument, and one more.
//
// # Concurrency
//
// Counting takes no lock. One mutex covers all else: declaring, the first use
// of a series, and the daemon's reading.
package meters

// Package metrics shows the figures of a daemon to Prometheus, and to other
// programs that read its formats:
//
//	d.Use(&metrics.Endpoint{})
//
// From then on GET /metrics answers at every address of the control socket, to
// clients with the role legion.RoleRead: in the text format 0.0.4, or as
// OpenMetrics 1.0 if the client prefers it. [Endpoint.Write] writes the same to
// a handler of the program's own.
//
// docs/metrics.md lists the metrics, and says how to scrape them, over a socket
// or over TCP, what an upgrade does to counters, and which alerts to set.
//
// # What is in it
//
//   - the daemon: its pools, workers, functions, loop, log, control socket,
//     changes: legion_…
//   - its process and the Go runtime, by the names that Go programs use:
//     process_…, go_…
//   - the program's own, declared with package meter and counted in workers and
//     in the daemon
//
// Counters begin at 0 with the process, and are there from the first scrape on.
// They never go back while it runs, even when workers die. No pid, call
// or message is a label, so that the number of series depends on what is
// declared, not on what happens: about 51 for each function and 65 for each
// pool. Above 5,000 the functions of a pool are shown as one, "_all".
//
// The standard library is all that this package needs besides Legion; it does
// not import net/http.
//
// # Reading order
//
//   - endpoint.go: Endpoint; format.go: Format
//   - table.go: all metrics in one list, with functions.go, pools.go, daemon.go
//     and runtime.go, which read their values; process_linux.go,
//     process_other.go: those of the process
//   - own.go: the program's own
//   - sink.go: how they are written
package metrics

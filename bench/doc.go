// Command bench measures a Legion call beside the ways Go programs usually talk
// to another process: a raw Unix socket, shmipc-go, net/rpc, grpc-go and
// hashicorp/go-plugin. README.md says how it measures and how to read what it
// prints.
//
// The files in reading order:
//
//	main.go        flags, the order of steps
//	run.go         rounds: every peer in turn, again and again; patience.go: once more if it was disturbed
//	rows.go        what is measured
//	payload.go     the rows of the payload curve; task.go: a process for each call
//	load.go        callers in a closed loop; paced.go: one caller with a clock; life.go: start and idle memory
//	peer.go        what a peer is; peer_*.go, legion*.go: the peers
//	copies.go      what the machine's memory allows, beside the peers
//	control.go     the control socket: rows and peers; control_*.go: how they are asked
//	abuse.go       the control socket while other clients abuse it
//	versions.go    this version of Legion beside another one
//	child.go       worker processes: the same binary, started again with a role
//	sample.go      metrics; hist.go: latencies; ratio.go: medians, quartiles, ratios
//	table.go, targets.go, report.go   what is printed and written
//
// Everything runs on the main goroutine, except for the callers of a
// measurement and what the peers start themselves.
package main

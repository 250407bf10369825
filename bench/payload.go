package main

import (
	"fmt"
	"io"
	"slices"
)

// The sizes and callers of the payload curve. Above them a run would need
// gigabytes: 64 callers with 16 MiB each are left out.
var (
	payloadSizes   = []int{4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20}
	payloadCallers = []int{1, 8, 64}
)

// mostInFlight bounds the product of both.
const mostInFlight = 256 << 20

// payloadRows are the echo of []byte of every size with every number of
// callers.
func payloadRows() []Row {
	var rows []Row
	eachPayload(func(size, callers int) {
		rows = append(rows, bytesRow(size, callers, payloadPeers,
			slices.Concat(versus(rawName, Rate), versus(baseline, Rate))))
	})
	return rows
}

// eachPayload calls f with the points of the curve in the order of the output.
func eachPayload(f func(size, callers int)) {
	for _, callers := range payloadCallers {
		for _, size := range payloadSizes {
			if size*callers <= mostInFlight {
				f(size, callers)
			}
		}
	}
}

// payloadPeers lists the peers of the payload curve, and its limit: with more,
// a run would take too long.
func payloadPeers(procs int) []Peer {
	return append(pick(allPeers(procs), rawName, shmipcName, baseline, subject), legionReusePeer{}, copiesPeer{name: copiesName})
}

// payloadTargets are the bounds of the curve, as multiples of raw.
func payloadTargets() []Target {
	var all, reuse []Target
	eachPayload(func(size, callers int) {
		at := slices.Index(payloadCallers, callers)
		if limit := reuseLimits[size][at]; limit > 0 {
			reuse = append(reuse, Target{Row: bytesName(size, callers), Of: reuseName, Metric: Rate, Versus: rawName, AtLeast: true, Limit: limit})
		}
		limit := 0.7
		switch {
		case callers == 1 && size > 4<<20:
			return
		case callers == 1:
			limit = 1
		}
		all = append(all, Target{Row: bytesName(size, callers), Metric: Rate, Versus: rawName, AtLeast: true, Limit: limit})
	})
	return slices.Concat(all, reuse, bufferTargets)
}

// bufferTargets are those of memory that is shared and not copied.
var bufferTargets = []Target{
	{Row: "touched 1MiB x1", Of: bufferName, Metric: Rate, Versus: rawName, AtLeast: true, Limit: 3},
	{Row: "touched 16MiB x1", Of: bufferName, Metric: Rate, Versus: rawName, AtLeast: true, Limit: 5},
}

// reuseLimits are those of reuse, by the size, for payloadCallers.
var reuseLimits = map[int][3]float64{
	16 << 10:  {3.5, 2, 2},
	64 << 10:  {4, 3, 2.5},
	256 << 10: {3, 1.8, 1.8},
	1 << 20:   {3.5, 1.8, 2},
	4 << 20:   {2.8, 1.3, 1.6},
	16 << 20:  {2, 1.2},
}

// bytesName names a row: "64KiB x8".
func bytesName(size, callers int) string { return fmt.Sprintf("%s x%d", sizeName(size), callers) }

func sizeName(size int) string {
	switch {
	case size >= 1<<20:
		return fmt.Sprintf("%dMiB", size>>20)
	case size >= 1<<10:
		return fmt.Sprintf("%dKiB", size>>10)
	}
	return fmt.Sprintf("%dB", size)
}

func bytesRow(size, callers int, peers func(int) []Peer, vs []Versus) Row {
	return Row{
		Name:    bytesName(size, callers),
		About:   fmt.Sprintf("echo of %d bytes, %s", size, plural(callers, "caller")),
		Columns: []Metric{P50, P99, Rate, Throughput, CPU, WorkerCPU, Allocs},
		Versus:  vs,
		Peers:   peers,
		measure: func(p Peer, c Config) (Sample, error) {
			return carrying(size, callers, c, func(c Config) (Sample, error) { return loop(p, callers, bytesCaller(size), c) })
		},
	}
}

// carrying measures calls that carry size bytes each way. It gives more time to
// those of which some tenths of a second hold but a few.
func carrying(size, callers int, c Config, measure func(Config) (Sample, error)) (Sample, error) {
	if size*callers >= 16<<20 {
		c.Dur *= 3
	}
	sample, err := measure(c)
	if err == nil {
		sample[Throughput] = sample[Rate] * float64(size) / 1e6
	}
	return sample, err
}

// bytesCaller echoes its own payload of the size.
func bytesCaller(size int) newCaller {
	return func(s Session) (Call, error) { return s.Bytes(newPayload(size)) }
}

// touchedRows are echoes in which every byte is written and read, as real work
// does it: with less, handing memory over without copying it would cost the
// same for any size.
func touchedRows() []Row {
	var rows []Row
	for _, callers := range []int{1, 8} {
		for _, size := range []int{1 << 20, 16 << 20} {
			rows = append(rows, Row{
				Name:    "touched " + bytesName(size, callers),
				About:   fmt.Sprintf("echo of %d bytes, all written and read on both sides, %s", size, plural(callers, "caller")),
				Columns: []Metric{P50, P99, Rate, Throughput, CPU, WorkerCPU, Allocs},
				Versus:  versus(rawName, Rate),
				Peers:   touchedPeers,
				measure: func(p Peer, c Config) (Sample, error) {
					touched := func(s Session) (Call, error) { return s.(toucher).Touched(size) }
					return carrying(size, callers, c, func(c Config) (Sample, error) { return loop(p, callers, touched, c) })
				},
			})
		}
	}
	return rows
}

func touchedPeers(procs int) []Peer {
	return append(pick(allPeers(procs), rawName, subject), legionReusePeer{}, legionBufferPeer{}, copiesPeer{name: copiesName}, copiesPeer{touchesName, true})
}

// writeCurve sums the payload rows up: a line for each, with the peers' calls/s
// as multiples of raw's. It prints nothing if none was measured.
func writeCurve(w io.Writer, results []*Result) {
	peers := peerNames(payloadPeers(1))[1:]
	header := []string{"payload", rawName + ", calls/s"}
	for _, name := range peers {
		header = append(header, name+" ÷ "+rawName)
	}
	var lines [][]string
	eachPayload(func(size, callers int) {
		for _, r := range results {
			if r.Name != bytesName(size, callers) || r.peer(rawName) == nil {
				continue
			}
			line := []string{r.Name, cell(r.peer(rawName).Median, Rate)}
			for _, name := range peers {
				line = append(line, r.ratioCell(name, Versus{Rate, rawName}))
			}
			lines = append(lines, line)
		}
	})
	if lines == nil {
		return
	}
	fmt.Fprintln(w, "calls/s of all payloads as multiples of raw: the median of the ratios within the rounds [quartiles]")
	writeTable(w, header, lines)
	fmt.Fprintln(w)
}

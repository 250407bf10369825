package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin"
)

func main() {
	role := takeRole()
	if role == exitRole {
		return
	}
	if role != "" {
		fmt.Fprintln(os.Stderr, "bench:", serve(role))
		os.Exit(1)
	}
	runtime.LockOSThread() // for ever: see childAttr
	failed, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	for _, f := range failed {
		fmt.Fprintln(os.Stderr, "bench: failed:", f)
	}
	if err != nil || failed != nil {
		os.Exit(1)
	}
}

// What -quick measures, unless the command line says otherwise.
const (
	quickRows  = "^(64B|64KiB|1MiB) x|^touched 16MiB x1$|^struct x64$|^(paced|task|idle|abuse)$"
	quickPeers = "raw,go-plugin,legion,legion-reuse,legion-buffer,legion-small,copies,touches,exec-self,legion-task,legion-task-cold,quiet,crowd,floods,floods-elsewhere"
)

// hangAfter is the longest time for one measurement. Normally the longest takes
// a few seconds.
const hangAfter = time.Minute

// run is the benchmark. failed names the peers that failed; err says why the
// benchmark could not do its work.
func run() (failed []string, err error) {
	var (
		rowPattern = flag.String("rows", "", "measure the rows whose name matches this regular `expression` only")
		peerList   = flag.String("peers", "", "measure these peers only: `names`, separated by commas")
		dur        = flag.Duration("dur", 150*time.Millisecond, "time per measurement of a closed loop")
		rounds     = flag.Int("rounds", 5, "how often every peer is measured")
		procs      = flag.Int("worker-procs", runtime.GOMAXPROCS(0), "GOMAXPROCS of the workers of all peers but Legion")
		patient    = flag.Duration("patience", 0, "measure again, for so long in all, what other processes have disturbed")
		jsonPath   = flag.String("json", "", "write all figures to this `file`, too")
		before     = flag.String("before", "", "also compare workers of a small program with those of another version of Legion, in this `folder`")
		quick      = flag.Bool("quick", false, "a choice of rows and peers, in shorter rounds: some figure for each kind of target")
		smoke      = flag.Bool("smoke", false, "one very short round: does everything work?")
	)
	flag.Parse()
	if flag.NArg() > 0 || *rounds < 1 || *dur <= 0 || *procs < 1 {
		flag.Usage()
		return nil, fmt.Errorf("reading the command line: -rounds, -dur and -worker-procs are above 0, and there are no arguments")
	}
	config := Config{Dur: *dur, Paced: max(*dur, time.Second), Idle: 300 * time.Millisecond, Spawns: 8}
	switch {
	case *smoke:
		*rounds = 1
		config = Config{Dur: 20 * time.Millisecond, Paced: 100 * time.Millisecond, Idle: 50 * time.Millisecond, Spawns: 2}
	case *quick:
		*rounds = 3
		config = Config{Dur: 120 * time.Millisecond, Paced: 500 * time.Millisecond, Idle: 200 * time.Millisecond, Spawns: 4}
		*rowPattern = cmp.Or(*rowPattern, quickRows)
		*peerList = cmp.Or(*peerList, quickPeers)
	}
	all := allRows()
	if *before != "" {
		all = append(all, versionRow(*before))
	}
	rows, err := chooseRows(all, *rowPattern)
	if err != nil {
		return nil, err
	}
	peers, err := choosePeers(everyone(*procs), *peerList)
	if err != nil {
		return nil, err
	}
	chosen := peerNames(peers)
	if err := enter(); err != nil {
		return nil, err
	}
	defer leave()
	hang := guard()

	taking := map[string][]Peer{} // by the names of the rows
	var takers []Peer
	for _, row := range rows {
		takes := slices.DeleteFunc(row.peers(*procs), func(p Peer) bool { return !slices.Contains(chosen, p.Name()) })
		taking[row.Name] = takes
		takers = append(takers, takes...)
	}
	report := &Report{Began: time.Now(), Machine: describe(takers), Config: config, Rounds: *rounds}
	report.Machine.write(os.Stdout)
	calm := &patience{read: readBusy}
	for _, row := range rows {
		if len(taking[row.Name]) == 0 {
			continue
		}
		calm.left = max(0, calm.left) + *patient/time.Duration(len(rows)) // what a row leaves, the next ones have
		res := runRow(row, taking[row.Name], *rounds, config, calm, hang)
		res.write(os.Stdout)
		report.Results = append(report.Results, res)
	}
	report.Verdicts = judge(allTargets(), report.Results)
	writeCurve(os.Stdout, report.Results)
	writeTargets(os.Stdout, report.Verdicts)
	report.Took = time.Since(report.Began).Round(time.Second).String()
	fmt.Printf("\n%d rows, %d peers, %d rounds in %s\n", len(report.Results), len(report.Machine.WorkerProcs), *rounds, report.Took)
	if *patient > 0 {
		fmt.Printf("%d measurements were disturbed and made again; patience was left for %v\n", calm.again, max(0, calm.left).Round(time.Second))
	}
	if *jsonPath != "" {
		if err := report.save(*jsonPath); err != nil {
			return nil, err
		}
	}
	return failures(report.Results), nil
}

// enter makes the folder of this run. Control sockets that the benchmark does
// not use are there, too, not beside those of real daemons.
func enter() (err error) {
	if scratch, err = os.MkdirTemp("", "legion-bench-"); err == nil {
		err = os.Setenv("RUNTIME_DIRECTORY", scratch)
	}
	if err != nil {
		return fmt.Errorf("making a folder for sockets: %w", err)
	}
	return nil
}

// leave ends processes that still run and removes files that are left. It may
// be called more than once.
func leave() {
	stopChildren()
	plugin.CleanupClients()
	os.RemoveAll(scratch)
}

// guard ends the benchmark cleanly when it is interrupted, and when a
// measurement hangs. Call the returned function with the name of the next
// measurement.
func guard() func(what string) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	measuring := make(chan string)
	go func() {
		var what string
		for {
			var reason string
			select {
			case what = <-measuring:
				continue
			case s := <-signals:
				reason = s.String()
			case <-time.After(hangAfter):
				reason = fmt.Sprintf("hung for %v", hangAfter)
			}
			fmt.Fprintf(os.Stderr, "bench: stopped while measuring %s: %s\n", what, reason)
			leave()
			os.Exit(1)
		}
	}()
	return func(what string) { measuring <- what }
}

//go:build linux

// Insight measures what the dashboard costs a daemon with many busy workers:
// real processes, real connections, and as many pages as are asked for, by way
// of one front. It prints, for each of the page's screens, how much of a
// processor the daemon and the front take, and how many bytes go to a page.
//
//	go run ./insight                              # 1,000 workers, 10,000 events a second
//	go run ./insight -workers 40 -events 0        # a usual daemon
//	go run ./insight -screens tree -pages 1,10 -rounds 9
//
// What the pages cost is the difference to the same time without any, in turns,
// so that other work on the machine disturbs all alike.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"
)

// screens are those of the page with what each follows beside the daemon's own
// figures and its pools: web/ui/src/screens.
var screens = []struct {
	name   string
	topics []string
}{
	{"overview", []string{"history", "deaths"}},
	{"tree", []string{"workers", "deaths", "history"}},
	{"calls", []string{"calls", "slow"}},
	{"deaths", []string{"kinds", "deaths"}},
	{"events", []string{"events"}},
	{"system", []string{"crons", "tasks", "plugins", "clients"}},
}

func main() {
	play()
	workers := flag.Int("workers", 1000, "`how many` workers there are, in 20 pools, all busy")
	events := flag.Int("events", 10_000, "`how many` events come in a second")
	only := flag.String("screens", "", "a `list` of screens with commas; default: all")
	pages := flag.String("pages", "1,10", "a `list` with commas: how many pages at once")
	rounds := flag.Int("rounds", 3, "`how often` each is measured")
	each := flag.Duration("each", 10*time.Second, "how `long` each measurement takes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	counts, err := numbers(*pages)
	if flag.NArg() > 0 {
		err = fmt.Errorf("%q: it takes flags only", flag.Arg(0))
	}
	if err == nil {
		err = check(*workers, *events, *only, *rounds, *each)
	}
	if err == nil {
		err = measure(ctx, *workers, *events, *only, counts, *rounds, *each)
	}
	exit(err)
}

// check says what is wrong with the flags.
func check(workers, events int, only string, rounds int, each time.Duration) error {
	switch {
	case workers < pools || events < 0 || rounds < 1 || each < time.Second:
		return fmt.Errorf("-workers is at least %d, -events 0, -rounds 1, -each 1s", pools)
	case only == "":
		return nil
	}
	var names []string
	for _, s := range screens {
		names = append(names, s.name)
	}
	for name := range strings.SplitSeq(only, ",") {
		if !slices.Contains(names, name) {
			return fmt.Errorf("-screens %q: %q is none; there are: %s", only, name, strings.Join(names, ", "))
		}
	}
	return nil
}

// play plays the role that this process was started for, if there is one.
func play() {
	switch os.Getenv(roleEnv) {
	case "daemon":
		exit(runDaemon())
	case "front":
		exit(runFront())
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "insight:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func numbers(list string) (all []int, err error) {
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 || n > 16 { // sessions of a front
			return nil, fmt.Errorf("-pages %q: %q is not a number from 1 to 16", list, text)
		}
		all = append(all, n)
	}
	return all, nil
}

// measure starts the daemon and the front, and prints the table.
func measure(ctx context.Context, workers, events int, only string, counts []int, rounds int, each time.Duration) error {
	s, err := start(ctx, workers, events)
	if err != nil {
		return err
	}
	defer s.stop()
	fmt.Printf("%d workers, %d events a second; medians of %d rounds of %v\n", workers, events, rounds, each)
	fmt.Printf("%-9s %5s  %24s  %16s  %8s  %15s  %17s\n", "screen", "pages", "daemon, % of a processor", "in its profile, %", "front, %", "KB/s to a page", "before gzip, KB/s")
	for _, screen := range screens {
		if only != "" && !strings.Contains(","+only+",", ","+screen.name+",") {
			continue
		}
		for _, pages := range counts {
			var all []cost
			for range rounds {
				one, err := s.cost(ctx, screen.topics, pages, each)
				if err != nil {
					return err
				}
				all = append(all, one)
			}
			c := medians(all)
			fmt.Printf("%-9s %5d  %24.2f  %17.2f  %8.2f  %15.1f  %17.1f\n", screen.name, pages, c.daemon, c.stream, c.front, c.packed, c.plain)
		}
	}
	return nil
}

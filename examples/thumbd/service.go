package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/legion-go/legion"

	"github.com/legion-go/legion/examples/thumbd/internal/picture"
)

// service is the daemon's side of thumbd. All of it runs on the daemon's one
// loop, so that nothing in it needs a lock: ticks find files, calls to workers
// make the thumbnails meanwhile, and their results come back to the loop.
type service struct {
	options *options
	thumb   *legion.Func[job, picture.Result]
	stop    func(context.Context) error // asks the daemon to stop

	folder   folder
	store    store
	report   report
	progress *progress

	started time.Time
	waiting []file          // found, not yet with a worker
	open    map[string]file // those that wait or are with a worker, by name
	running int             // how many are with a worker
	seen    int             // how many there were so far
	passed  bool            // with -once: the pass over the folder has been made
	broken  error           // why the pass could not be made
}

func newService(o *options, thumb *legion.Func[job, picture.Result], stop func(context.Context) error) *service {
	return &service{options: o, thumb: thumb, stop: stop, open: map[string]file{}, progress: newProgress(os.Stdout)}
}

// begin prepares what only the daemon needs.
func (s *service) begin(context.Context) error {
	if err := s.options.prepare(); err != nil {
		return err
	}
	s.started = time.Now()
	s.folder = folder{dir: s.options.in, patient: !s.options.once}
	s.store = store{dir: s.options.out}
	fmt.Printf("thumbd: pictures in %s, thumbnails to %s\n", s.options.in, s.options.out)
	return nil
}

// end sums up. It is the daemon's Teardown: the workers have ended.
func (s *service) end(context.Context) error {
	if s.began() {
		stats := s.thumb.Pool().Stats()
		s.summarise(int(stats.Started), int(stats.Started-stats.Recycled))
	}
	return nil
}

// outcomes says how many files there were of each outcome. It is a method of
// the control socket, and runs on the loop.
func (s *service) outcomes(context.Context, struct{}) (map[string]int, error) {
	counts := map[string]int{}
	for o, n := range s.report.counts {
		if n > 0 {
			counts[outcome(o).String()] = n
		}
	}
	return counts, nil
}

// began reports whether there is something to sum up.
func (s *service) began() bool { return !s.started.IsZero() }

// tick looks for files. It waits for nothing.
func (s *service) tick(ctx context.Context) error {
	if s.passed {
		return nil
	}
	found, err := s.folder.scan(s.isOpen)
	if err != nil && s.options.once {
		s.passed, s.broken = true, err
		return s.stop(ctx)
	}
	if err != nil {
		return err // perhaps it comes back
	}
	for _, f := range found {
		s.open[f.name] = f
	}
	s.waiting = append(s.waiting, found...)
	s.seen += len(found)
	s.passed = s.options.once
	s.work(ctx)
	return nil
}

func (s *service) isOpen(name string) bool {
	_, open := s.open[name]
	return open
}

// work gives each free worker a file, and stops the daemon when that was all.
// Its calls end with the daemon: so does ctx.
func (s *service) work(ctx context.Context) {
	for len(s.waiting) > 0 && s.running < s.options.workers && ctx.Err() == nil {
		f := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.running++
		start := time.Now()
		call := s.thumb.Go(ctx, job{Path: s.folder.path(f.name), Size: s.options.size})
		call.Then(func(p picture.Result, err error) {
			s.running--
			if errors.Is(err, legion.ErrTimeout) && call.PID() == 0 { // no worker was free in time: not the picture's fault
				s.waiting = append(s.waiting, f)
				s.work(ctx)
				return
			}
			delete(s.open, f.name)
			s.finish(result{name: f.name, size: f.size, took: time.Since(start), pid: call.PID()}, p, err)
			s.work(ctx)
		})
	}
	if s.passed && s.running == 0 && len(s.waiting) == 0 {
		s.stop(ctx)
	}
}

// finish handles the result of a call.
func (s *service) finish(done result, p picture.Result, err error) {
	if err == nil {
		done.picture = oneLine(fmt.Sprintf("%s %d×%d", p.Format, p.Width, p.Height), 24)
		done.why = fmt.Sprintf("%d×%d", p.ThumbWidth, p.ThumbHeight)
		err = s.store.save(done.name, p.PNG)
	} else if done.outcome, done.why = s.options.classify(err); done.outcome.dealtWith() {
		err = s.store.discard(done.name)
	} else {
		err = nil
	}
	if err != nil {
		done.outcome, done.why = notSaved, err.Error()
	}
	done.why = oneLine(done.why, 120)
	s.report.add(done)
	s.progress.finished(done, &s.report, s.seen)
}

// summarise prints the results of all files, and how many worker processes were
// used, with those that died.
func (s *service) summarise(workers, lost int) {
	for _, f := range s.open {
		s.report.add(result{name: f.name, size: f.size, outcome: leftOver, why: "stopped before it was done"})
	}
	s.progress.clear()
	fmt.Println()
	s.report.table(os.Stdout)
	fmt.Println()
	s.report.counted(os.Stdout)
	fmt.Printf("%d worker processes, %d of them lost and replaced; %s in all\n", workers, lost, seconds(time.Since(s.started)))
	fmt.Printf("thumbnails are in %s\n", s.store.dir)
}

// shortfall returns an error if the program did not do all of its work.
func (s *service) shortfall() error {
	if s.broken != nil {
		return fmt.Errorf("cannot read the folder of pictures: %w", s.broken)
	}
	if s.began() && s.options.once && !s.passed {
		return errors.New("stopped before it had looked into the folder")
	}
	if n := s.report.open(); n > 0 && (s.options.once || s.report.counts[notSaved] > 0) {
		return fmt.Errorf("%d of %d files were not dealt with; the lines above say why", n, s.report.total())
	}
	return nil
}

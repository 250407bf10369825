package legion

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/arena"
	"github.com/legion-go/legion/internal/buffer"
	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/meters"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/recorder"
	"github.com/legion-go/legion/internal/reuse"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/internal/worker"
)

// newPool makes the supervisor of a declared pool.
func (d *Daemon) newPool(p *declaredPool) *pool.Pool {
	launch := p.launchProcess
	if d.declared.inProcess {
		launch = func(id uint64) (pool.Process, link.Conn, error) {
			return pool.LaunchGoroutine(p.opts.Transport, p.linkOptions(), func(c link.Conn, busy *atomic.Int32) error { return p.serveLink(c, busy, id) })
		}
	}
	log := d.log.With("pool", p.name)
	records := d.log.Records(p.name)
	return pool.New(p.core(p.opts), worker.Hello(p.funcs), launch, pool.Hooks{
		Ready: func(id uint64, pid int, took time.Duration, seal wire.Seal) {
			log.Debug("worker ready", "worker", id, "pid", pid, "took", took)
			announce(d, event.WorkerStarted{Pool: p.name, Worker: id, PID: pid, Took: took, Sealed: seal.Took})
		},
		Died: func(dead *pool.Death) {
			records.End(dead.PID)
			dead.Tell(log)
			if f := dead.Forbidden; f != nil {
				announce(d, event.Forbidden{
					Pool: p.name, Worker: dead.Worker, PID: dead.PID, Call: f.Call, Args: f.Args, Rule: f.Rule, Where: f.Where, Stack: dead.Stack,
				})
			}
			announce(d, event.WorkerExited{
				Pool: p.name, Worker: dead.Worker, PID: dead.PID, Expected: dead.Expected, ExitCode: dead.Code,
				Signal: dead.Signal, KilledBy: dead.KilledBy, How: dead.String(), Stack: dead.Stack, Death: dead.Number,
			})
		},
		Certified: d.succession.deaths.Keep,
		Stuck:     func(d *pool.Death) { d.TellStuck(log) },
		Kept:      func(reason string) { log.Warn("workers were not replaced", "why", reason) },
		Failed: func(reason string) {
			log.Error("pool failed", "reason", reason)
			announce(d, event.PoolFailed{Pool: p.name, Reason: reason})
		},
		Quarantine: func(q pool.Quarantine) {
			if q.For == 0 {
				log.Info("function is called again", "func", q.Func, "why", q.Reason)
				announce(d, event.FunctionReadmitted{Pool: p.name, Func: q.Func, Why: q.Reason})
				return
			}
			log.Error("function is in quarantine", "func", q.Func, "retry_after", q.For, "reason", q.Reason)
			announce(d, event.FunctionPoisoned{Pool: p.name, Func: q.Func, Deaths: q.Deaths, RetryAfter: q.For, Reason: q.Reason})
		},
		Log:  records.Take,
		Loop: func(id uint64, pid int, state wire.LoopState, fault wire.Fault) { d.looped(p, id, pid, state, fault) },
		Stop: func(why string) { d.begin(why) },
	})
}

func (p *declaredPool) linkOptions() link.Options {
	return link.Options{Buffer: p.opts.Buffer, MaxPayload: p.opts.MaxPayload}
}

// launchProcess starts a worker as a process.
func (p *declaredPool) launchProcess(id uint64) (pool.Process, link.Conn, error) {
	o := p.linkOptions()
	o.Meters = meters.Size()
	conn, files, err := link.New(p.opts.Transport, o)
	conn, files, err = pool.WithRecorder(conn, files, err, p.opts.Recorder)
	if err != nil {
		return nil, nil, err
	}
	conn, files, arena := p.withArena(conn, files)
	defer closeFiles(files)
	shared, release := p.d.declared.shared.Hold()
	defer release()
	output := p.d.log.Output(p.name)
	spec := p.spec()
	spec.Purpose = proc.Purpose{Daemon: p.d.config.Name, Pool: p.name, Worker: id, Transport: uint8(p.opts.Transport), Buffer: p.opts.Buffer, MaxPayload: p.opts.MaxPayload, Arena: arena, Recorder: recorder.On(p.opts.Recorder), Shared: len(shared), Dir: p.workDir()}
	spec.Files, spec.Output = append(slices.Clip(files), shared...), output.Line
	process, err := proc.Start(spec)
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	output.Start(process.PID())
	return process, conn, nil
}

// withArena adds an arena to a link, and its file to the worker's, if the
// functions of p have Buffers and shared memory.
func (p *declaredPool) withArena(conn link.Conn, files []*os.File) (link.Conn, []*os.File, bool) {
	if !p.buffers || p.opts.Transport != SharedMemory || p.opts.Arena < 0 || p.opts.MaxPayload < minBuffer {
		return conn, files, false
	}
	a, file, err := arena.New(p.opts.Arena)
	if err != nil {
		p.d.log.Warn("the Buffers of a worker are copied", "pool", p.name, "why", err)
		return conn, files, false
	}
	a.Forgotten = func(size int) {
		p.d.log.Warn("a Buffer was never released: release those of a result, and those that no call gets", "pool", p.name, "bytes", size)
	}
	return pool.WithArena(conn, a), append(files, file), true
}

// refuseToFork refuses test binaries whose workers would run all tests again,
// and start workers of their own.
func (d *Daemon) refuseToFork() error {
	if !d.declared.inProcess && !proc.TestsPrepared() && flag.Lookup("test.v") != nil {
		return errors.New("legion: this test binary cannot run as a worker: add\n" +
			"\tfunc TestMain(m *testing.M) { legiontest.Main(m, yourDaemon) }\n" +
			"where yourDaemon is a func() *legion.Daemon that declares the daemon, or call InProcess on it")
	}
	return nil
}

// isWorker reports whether this process is a worker of d.
func (d *Daemon) isWorker() bool { return proc.Self() != nil }

// serve runs a worker process. It never returns.
func (d *Daemon) serve() {
	d.loop.Stop() // it does not run here: Emit fails, and callbacks are called without it
	close(d.loopEnd)
	purpose := proc.Self().Purpose
	busy := new(atomic.Int32)
	files := proc.Self().Files
	own := len(files) - purpose.Shared
	files, values := files[:own], files[own:]
	var shared *arena.Arena
	if n := len(files) - 1; purpose.Arena {
		files, shared = files[:n], arena.Open(files[n])
	}
	flight, files, failed := recorder.Take(purpose.Recorder, files)
	conn, err := link.Open(link.Transport(purpose.Transport), files,
		link.Options{Buffer: purpose.Buffer, MaxPayload: purpose.MaxPayload, Busy: busy})
	if err := errors.Join(err, failed); err != nil {
		fmt.Fprintf(os.Stderr, "legion: opening the link to the daemon: %v\n", err)
		os.Exit(1)
	}
	_ = conn.Send(wire.Header{Kind: wire.Log}, nil) // a sign of life
	d.log.UseLink(conn)
	worker.Count(conn)
	if purpose.Dir != "" { // the worker started in the daemon's first directory
		if err := host.Chdir(purpose.Dir); err != nil {
			link.TellFailure(conn, fmt.Errorf("its working directory, by Pool.Dir or Config.WorkDir: %w", err))
			os.Exit(1)
		}
	}
	var p *declaredPool
	for _, q := range d.declared.pools {
		if q.name == purpose.Pool {
			p = q
		}
	}
	switch {
	case d.config.Name != purpose.Daemon:
		p, err = nil, fmt.Errorf("the daemon %q was started in a worker of daemon %q: one program is one daemon", d.config.Name, purpose.Daemon)
	case p == nil:
		err = fmt.Errorf("pool %q is not declared in its worker: declarations must be the same in every process, and must come before Start and Run", purpose.Pool)
	default:
		reuse.ReturnToSystem()
		if p.opts.MaxMemory == 0 {
			reuse.AllowFloor()
		}
		p.arena, p.flight, p.opts.MaxPayload = shared, flight, purpose.MaxPayload
		if err = d.declared.shared.Open(values); err == nil {
			err = p.serveLink(conn, busy, purpose.Worker)
		}
	}
	if err != nil {
		link.TellFailure(conn, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serveLink makes the state for the functions of p, and runs functions until
// the daemon stops the worker.
func (p *declaredPool) serveLink(conn link.Conn, busy *atomic.Int32, id uint64) error {
	tally := new(worker.Tally)
	ctx := withSelf(logs.WithLink(context.Background(), conn), p, id, tally)
	var state any
	if p.setup != nil {
		var err error
		if state, err = p.setup(ctx); err != nil {
			return fmt.Errorf("the worker's setup failed: %w", worker.ExplainSetup(err))
		}
	}
	if self := proc.Self(); self != nil { // not where workers are goroutines of the daemon
		emitHere(ctx, p.d, event.WorkerStarted{Pool: p.name, Worker: self.Purpose.Worker, PID: os.Getpid()})
	}
	seal, err := worker.Seal()
	if err != nil {
		return err
	}
	config := worker.Config{
		Funcs: p.funcs, Concurrency: p.opts.Concurrency, Busy: busy, Fault: fault, Context: ctx, State: state,
		Tally: tally, Seal: seal, Recorder: p.flight,
	}
	if p.arena != nil {
		config.Context, config.Freed = buffer.WithSource(ctx, p.arena), p.arena.Returned
	}
	if p.loops {
		config.Loop, config.LoopEvery = state.(looper).Loop, p.opts.LoopEvery
	}
	if err := worker.Serve(conn, config); err != nil {
		return err
	}
	if err := closeState(state); err != nil {
		return fmt.Errorf("closing the worker's value: %w", err)
	}
	return nil
}

// looped makes events of the states of a worker's own loop.
func (d *Daemon) looped(p *declaredPool, id uint64, pid int, state wire.LoopState, fault wire.Fault) {
	switch state {
	case wire.LoopRuns:
		announce(d, event.LoopStarted{Pool: p.name, Worker: id, PID: pid})
	case wire.LoopPaused:
		announce(d, event.LoopStopped{Pool: p.name, Worker: id, PID: pid, Paused: true})
	case wire.LoopEnded:
		announce(d, event.LoopStopped{Pool: p.name, Worker: id, PID: pid})
	case wire.LoopError:
		err := fmt.Errorf("the loop of worker %d: %w", pid, &RemoteError{Code: fault.Code, Message: fault.Message})
		d.reportSoon("pool "+p.name, err)
	}
}

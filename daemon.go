package legion

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/legion-go/legion/internal/concurrent"
	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/deaths"
	"github.com/legion-go/legion/internal/history"
	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/life"
	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/loop"
	"github.com/legion-go/legion/internal/methods"
	"github.com/legion-go/legion/internal/passing"
	"github.com/legion-go/legion/internal/plugins"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/share"
	"github.com/legion-go/legion/internal/sockets"
	"github.com/legion-go/legion/internal/takeover"
	"github.com/legion-go/legion/internal/taskruns"
	"github.com/legion-go/legion/internal/turns"
	"github.com/legion-go/legion/status"
)

// Daemon is a program made of one loop and pools of worker processes. Declare
// everything, then Start or Run it. Its methods may be used from any goroutine,
// but declare from a single one.
type Daemon struct {
	config   Config       // guarded by mu until Start, fixed from then on
	declared declarations // fixed by Start

	life *life.Life
	loop *loop.Loop
	log  *logs.Log

	turns     turns.Queue      // work from outside, for the loop
	afterLoop turns.After      // callbacks that come after the loop's end
	loopEnd   chan struct{}    // closed when the loop's goroutine has ended
	owned     concurrent.Group // goroutines that end with Closing
	events    events
	plugins   plugins.Set
	control   control.Socket
	keeper    sockets.Keeper
	tasks     taskruns.Runs // started over the control socket
	signals   heard

	succession succession
	place      place
	mu         sync.Mutex // of the fields that name it
}

// declarations are what the program has declared: the same in the daemon and in
// its workers.
type declarations struct {
	pools          []*declaredPool
	init, teardown []func(context.Context) error
	loops          []*Ticker
	crons          []*cronLoop
	listeners      []*sockets.Listener
	servers        []*sockets.Server
	offers         []methods.Function // functions that clients can call by name
	methods        []rpc.Method       // the program's own, for the control socket
	shared         share.Store
	inProcess      bool
}

// place is where the daemon runs, and as which user.
type place struct {
	host.Surroundings
	memoryAtStart uint64 // resident bytes; set before the daemon runs
}

// succession is the state of upgrades and restarts, and what the next process
// gets.
type succession struct {
	changes    *concurrent.Gate    // a reload, an upgrade or a restart: one at a time
	reload     concurrent.Shared   // the reload that waits for its turn
	kept       map[string]*os.File // see Keep; guarded by Daemon.mu
	lack       string              // what the daemon runs without, for the process that started it
	left       []string            // sockets of the previous process that this one does not go on with
	held       *takeover.Held      // for the next program in this process; of the stop
	restarting atomic.Bool         // a restart is under way
	deaths     deaths.Registry     // certificates, of previous processes too
	history    history.History     // how pools did, in previous processes too
	accepted   atomic.Bool         // by the previous process of an upgrade, which watches this one for a while
}

func (s *succession) memories() []passing.Memory {
	return []passing.Memory{s.deaths.Memory(), s.history.Memory()}
}

// New makes a daemon, for declarations. It panics if the configuration is not
// valid.
func New(c Config) *Daemon {
	if err := c.resolve(); err != nil {
		panic(fmt.Sprintf("legion: %v", err))
	}
	d := &Daemon{
		config: c, loopEnd: make(chan struct{}), succession: succession{changes: concurrent.NewGate()},
	}
	d.life = life.New(context.WithValue(context.Background(), onLoop{}, d), c.Name, d.shutDown, d.abandon)
	d.newTurns()
	d.plugins = d.newPlugins()
	d.keeper.Folders, d.keeper.Restore = d.files().Folders, d.restoreAll
	d.log = d.newLog()
	d.loop = loop.New(loop.Config{Panic: d.panicked, Idle: d.idle, MinPause: c.MinPause, Precise: true})
	return d
}

// Pool returns the supervisor of the named pool, made by Worker, Task,
// StreamWorker or NewWorkers.
func (d *Daemon) Pool(name string) (*Supervisor, error) {
	var names []string
	for _, p := range d.declared.pools {
		if p.name == name {
			return &Supervisor{p}, nil
		}
		names = append(names, p.name)
	}
	return nil, fmt.Errorf("legion: daemon %s has no pool %q; it has %s", d.config.Name, name, cmp.Or(strings.Join(names, ", "), "none"))
}

// Deaths returns the certificates of the last 32 deaths of workers and tasks
// that were not planned, the oldest first. An upgrade and a restart pass them
// on.
func (d *Daemon) Deaths() []status.Death { return d.succession.deaths.All() }

// Name returns Config.Name.
func (d *Daemon) Name() string { return d.config.Name }

// Init calls fn on the loop when the daemon starts, in the daemon's process
// alone. Its workers start later, so fn cannot call them. Several functions run
// in order. An error stops the start.
func (d *Daemon) Init(fn func(context.Context) error) {
	d.mustDeclare("Init")
	mustFunc("Init", fn == nil)
	d.declared.init = append(d.declared.init, fn)
}

// Teardown calls fn on the loop when the daemon stops, after its workers have
// ended. Several functions run in reverse order. Wait and Stop return their
// errors. The context ends when StopTimeout is over.
func (d *Daemon) Teardown(fn func(context.Context) error) {
	d.mustDeclare("Teardown")
	mustFunc("Teardown", fn == nil)
	d.declared.teardown = append(d.declared.teardown, fn)
}

// InProcess makes the workers run as goroutines of this process, for unit tests
// and debuggers. Arguments and results still travel through the codec, but
// nothing protects the process, limits and Pool.Sandbox do not apply, and a
// function that ignores the end of its context keeps running in the background
// after its call has ended.
func (d *Daemon) InProcess() {
	d.mustDeclare("InProcess")
	d.declared.inProcess = true
}

func (d *Daemon) mustDeclare(what string) {
	if d.life.State() != life.Declared {
		panic(fmt.Sprintf("legion: %s: daemon %s has been started; declare everything before Start or Run", what, d.config.Name))
	}
}

// whyNot says why functions cannot be called now.
func (d *Daemon) whyNot() string {
	if proc.Self() != nil {
		return "this is a worker process; functions are called from the daemon"
	}
	switch d.life.State() {
	case life.Declared:
		return "the daemon has not been started"
	case life.Starting:
		return "the daemon is starting; its workers start after Init"
	}
	return "the daemon has stopped"
}

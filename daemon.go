package legion

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/follow"
	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/loop"
	"github.com/legion-go/legion/internal/plugins"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/signals"
	"github.com/legion-go/legion/internal/sockets"
	"github.com/legion-go/legion/internal/takeover"
	"github.com/legion-go/legion/internal/taskruns"
	"github.com/legion-go/legion/internal/turns"
	"github.com/legion-go/legion/internal/work"
	"github.com/legion-go/legion/status"
)

// Daemon is a program made of one loop and pools of worker processes. Declare
// everything, then Start or Run it. Its methods may be used from any goroutine,
// but declarations belong into one.
type Daemon struct {
	config Config
	log    *logs.Log
	loop   *loop.Loop
	pools  []*declaration

	init, teardown []func(context.Context) error
	loops          []*Ticker
	crons          []*cronLoop
	inProcess      bool
	bus            bus.Bus
	watchers       follow.Feed[status.Event] // on the control socket
	panics         atomic.Uint64             // of callbacks
	afterLoop      turns.After               // callbacks
	unheard        turns.Unheard             // failed calls
	live           context.Context           // of callbacks: ends when the daemon stops
	cancel         context.CancelFunc
	closing        context.Context // ends when the daemon begins to stop; live ends when its calls have
	close          context.CancelFunc

	plugins     plugins.Set
	listeners   []*sockets.Listener
	offers      []offered    // functions that can be called by name
	methods     []rpc.Method // of the user's, for the control socket
	turns       turns.Queue
	control     control.Socket
	tasks       taskruns.Runs // started over the control socket
	servers     []*sockets.Server
	identity    host.Identity // from Start on
	runtime     string        // the runtime folder, once it was needed
	startDir    string        // where the daemon was started, if it is not there any more
	kept        map[string]*os.File
	left        []string // sockets of the previous process that this one does not go on with
	keeper      sockets.Keeper
	heldSignals signals.Held[event.Signal] // see HoldSignals
	turn        *work.Gate                 // a reload, an upgrade or a restart
	restarting  atomic.Bool                // a restart is under way
	accepted    atomic.Bool                // by the previous process of an upgrade, which watches this one for a while
	held        *takeover.Held             // for the next program in this process

	mu            sync.Mutex
	state         state
	begun         bool                                   // Start was called
	ran           bool                                   // … by Run
	wishes        map[string]int                         // what signals have asked for and is not done
	deferred      map[string]func(context.Context) error // the part of it that follows the start
	reloadNext    *sharedReload                          // that waits for its turn; nil: none
	rerun         bool                                   // Run is to start it again
	replaced      int                                    // the process that has taken over; 0: none
	startedAt     time.Time
	memoryAtStart uint64        // resident bytes
	loopEnd       chan struct{} // the loop's goroutine has ended
	hurry         chan struct{} // closed when stopping is not to wait for anything
	stopped       chan struct{}
	owned         work.Group   // ends with closing
	waits         atomic.Int32 // calls of Wait and Stop
	endErr        error        // what went wrong while stopping
	failure       error        // given to Fail
	ending        []func() error
}

type state int

const (
	declared state = iota
	starting
	running
	stopping
	ended
)

// New begins the declaration of a daemon. It panics if the configuration is not
// valid.
func New(c Config) *Daemon {
	if err := c.resolve(); err != nil {
		panic(fmt.Sprintf("legion: %v", err))
	}
	d := &Daemon{
		config:  c,
		turn:    work.NewGate(),
		loopEnd: make(chan struct{}), hurry: make(chan struct{}), stopped: make(chan struct{}),
	}
	d.newTurns()
	d.plugins = d.newPlugins()
	d.keeper.Folders, d.keeper.Restore = d.folders, d.restoreAll
	d.log = d.newLog()
	d.live, d.cancel = context.WithCancel(context.WithValue(context.Background(), onLoop{}, d))
	d.closing, d.close = context.WithCancel(d.live)
	d.loop = loop.New(loop.Config{Panic: d.panicked, Idle: d.idle, MinPause: c.MinPause, Precise: true})
	return d
}

// Pool returns the control of the pool of that name: of a Worker, a Task, a
// StreamWorker or NewWorkers.
func (d *Daemon) Pool(name string) (*Supervisor, error) {
	var names []string
	for _, p := range d.pools {
		if p.name == name {
			return &Supervisor{p}, nil
		}
		names = append(names, p.name)
	}
	return nil, fmt.Errorf("legion: daemon %s has no pool %q; it has %q", d.config.Name, name, names)
}

// Name returns Config.Name.
func (d *Daemon) Name() string { return d.config.Name }

// Init has fn called on the loop when the daemon starts, in the daemon's process
// alone, before its workers start: so it cannot call them. Several are called in
// order. An error stops the start.
func (d *Daemon) Init(fn func(context.Context) error) {
	d.mustDeclare("Init")
	mustFunc("Init", fn == nil)
	d.init = append(d.init, fn)
}

// Teardown has fn called on the loop when the daemon stops, after its workers
// have ended. Several are called in reverse order. Errors are returned by Wait
// and Stop. The context ends with what is left of StopTimeout.
func (d *Daemon) Teardown(fn func(context.Context) error) {
	d.mustDeclare("Teardown")
	mustFunc("Teardown", fn == nil)
	d.teardown = append(d.teardown, fn)
}

// InProcess has the workers run as goroutines of this process: for unit tests
// and debuggers. Arguments and results still travel through the codec, but
// nothing protects the process, limits do not hold, and a function that does not
// end when its context does goes on in the background after its call was
// answered.
func (d *Daemon) InProcess() {
	d.mustDeclare("InProcess")
	d.inProcess = true
}

func (d *Daemon) mustDeclare(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != declared {
		panic(fmt.Sprintf("legion: %s: daemon %s has been started; declare everything before Start or Run", what, d.config.Name))
	}
}

// whyNot says why functions cannot be called now.
func (d *Daemon) whyNot() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case proc.Self() != nil:
		return "this is a worker process; functions are called from the daemon"
	case d.state == declared:
		return "the daemon has not been started"
	case d.state == starting:
		return "the daemon is starting; its workers start after Init"
	}
	return "the daemon has stopped"
}

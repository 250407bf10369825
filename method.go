package legion

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/internal/methods"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/taskruns"
)

// Role is what a client may do on the control socket: RoleRead, RoleOperate or
// RoleAdmin, each with all rights of the roles before it. Zero is no role. It
// is an unsigned integer; String and MarshalText return its name, "read",
// "operate" or "admin", and UnmarshalText reads that.
type Role = rpc.Role

const (
	RoleRead    = rpc.Read    // look: status, statistics, logs, events
	RoleOperate = rpc.Operate // steer: pause, scale, recycle, reload, call functions
	RoleAdmin   = rpc.Admin   // end and replace the daemon: stop, restart, upgrade, signals
)

// Caller is the client that calls a method of the control socket:
//
//	type Caller struct {
//		Name string // for people and for the audit log: "uid 1000 pid 4711", "cert ops", "token deploy"
//		Role Role
//		Via  string // the address of the daemon at which the request arrived
//		As   string // the person for whom it acts, as the client itself says; "" if it does not
//
//		Protocol string // "json" for JSON-RPC and streams, "xml" for XML-RPC
//	}
type Caller = rpc.Caller

// CallerOf returns the caller of the method to which ctx was passed; elsewhere,
// the zero Caller.
func CallerOf(ctx context.Context) Caller { return rpc.CallerOf(ctx) }

// MethodError is an error with a code of its own, which a method returns to the
// client unchanged. Other errors get the code -32500. Its method Error returns
// the message and the code.
//
//	type MethodError struct {
//		Code    int    // outside -32768 to -32000, which JSON-RPC reserves
//		Message string
//		Data    any    // more about it, or nil; JSON-RPC only
//	}
type MethodError = rpc.Error

// MethodOption changes a method of the control socket.
type MethodOption func(*rpc.Method)

// Allow says which role a caller needs. Default RoleOperate.
func Allow(role Role) MethodOption {
	return func(m *rpc.Method) { m.Role, m.Changes = role, role > RoleRead }
}

// Help describes a method that Expose makes.
func Help(text string) MethodOption { return func(m *rpc.Method) { m.Help = text } }

// LogParams puts the parameters of a method that [Expose] makes into the log,
// which otherwise omits arguments of functions.
func LogParams() MethodOption { return func(m *rpc.Method) { m.Secret = false } }

// SecretParams keeps the parameters out of the log, which otherwise has them
// for each call that needs more than RoleRead.
func SecretParams() MethodOption { return func(m *rpc.Method) { m.Secret = true } }

// Method adds a method to the control socket. fn is called on the loop, like
// every callback, so it may use the same data. Do slow work in a worker: see
// [Expose].
//
// If In is a struct, its fields are the parameters, by name or in order; their
// names come from the json tags, their descriptions from tags usage, and fields
// with omitempty, omitzero or of a pointer type may be omitted. struct{} means
// no parameters. Any other In is one parameter, called value. A time.Duration
// travels as seconds. Names have parts: "thumbs.made". Some names before the
// first dot, such as daemon, pool and worker, are reserved for Legion.
//
// help is the method's description in introspection and on the command line.
func Method[In, Out any](d *Daemon, name, help string, fn func(context.Context, In) (Out, error), options ...MethodOption) {
	mustFunc(fmt.Sprintf("method %q", name), fn == nil)
	m := rpc.Typed(name, help, RoleOperate, func(ctx context.Context, in In) (Out, error) {
		var out, none Out
		var err error
		ctx = context.WithValue(ctx, onLoop{}, d)
		ran := d.onLoopFor(ctx, func() error {
			out, err = fn(ctx, in)
			return nil
		})
		if ran == nil {
			return out, err
		} // else the loop may still run fn, and write to out and err
		if panicked := (*bus.PanicError)(nil); errors.As(ran, &panicked) {
			d.reportSoon("method "+name, panicked)
			return none, &rpc.Error{Code: rpc.CodeInternal, Message: fmt.Sprintf("%s panicked: %v", name, panicked.Value)}
		}
		return none, fmt.Errorf("%s on the daemon's loop: %w", name, ran)
	})
	d.addMethod(m, options)
}

// Expose turns a function of worker processes into a method of the control
// socket with the same name. It does not run on the loop. Its parameters are
// like those of [Method], but the log omits them, unless [LogParams] is given.
func Expose[In, Out any](d *Daemon, fn *Func[In, Out], options ...MethodOption) {
	d.addMethod(rpc.Typed(fn.name, "Calls the function "+fn.name+" in a worker.", RoleOperate, fn.Call),
		append([]MethodOption{SecretParams()}, options...))
}

// addMethod declares a method of the program.
func (d *Daemon) addMethod(m rpc.Method, options []MethodOption) {
	d.mustDeclare("method " + m.Name)
	for _, option := range options {
		option(&m)
	}
	switch first, _, dotted := strings.Cut(m.Name, "."); {
	case dotted && methods.Reserved(first):
		panic(fmt.Sprintf("legion: method %q: names that begin with %q are Legion's own: choose another", m.Name, first+"."))
	case m.Name == "call":
		panic(`legion: method "call": it is Legion's own: choose another name`)
	}
	for _, other := range d.declared.methods {
		if other.Name == m.Name {
			panic(fmt.Sprintf("legion: method %q: the name is taken by another method", m.Name))
		}
	}
	if !d.isWorker() { // the daemon has checked it already
		if err := rpc.New(rpc.Options{}).Add(m); err != nil {
			panic(fmt.Sprintf("legion: %v", err)) // which names the method
		}
	}
	d.declared.methods = append(d.declared.methods, m)
}

// anyFuture is a future whose result is of any type.
type anyFuture[Out any] struct{ *Future[Out] }

func (f anyFuture[Out]) Result() (any, error) { return f.Future.Result() }

// offer makes f callable by name, unless it has Buffers, which JSON cannot
// carry.
func offer[In, Out any](kind string, f *Func[In, Out]) *Func[In, Out] {
	d := f.p.d
	if f.in.CountBuffers()+f.out.CountBuffers() > 0 {
		return f
	}
	d.declared.offers = append(d.declared.offers, methods.Function{
		Name: f.name, Pool: f.p.name, Kind: kind, In: reflect.TypeFor[In](), Out: reflect.TypeFor[Out](),
		Call:     func(ctx context.Context, arg any) (any, error) { return f.Call(ctx, arg.(In)) },
		Begin:    func(ctx context.Context, arg any) taskruns.Call { return anyFuture[Out]{f.Go(ctx, arg.(In))} },
		Argument: decoded(f.in), Result: decoded(f.out),
	})
	return f
}

func offerStream[In, Out any](s *Stream[In, Out]) *Stream[In, Out] {
	d := s.p.d
	d.declared.offers = append(d.declared.offers, methods.Function{
		Name: s.name, Pool: s.p.name, Kind: "stream", In: reflect.TypeFor[In](), Out: reflect.TypeFor[Out](),
		Stream: func(ctx context.Context, arg any, send func(any) error) error {
			for out, err := range s.All(ctx, arg.(In)) {
				if err != nil {
					return err
				}
				if err := send(out); err != nil {
					return err
				}
			}
			return nil
		},
		Argument: decoded(s.in),
	})
	return s
}

package legion

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/legion-go/legion/internal/methods"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/status"
)

// rawJSON is a value that is decoded when its type is known.
type rawJSON = json.RawMessage

type callIn struct {
	Name    string        `json:"name" usage:"the name of a function, or pool.name if several have it"`
	Arg     rawJSON       `json:"arg,omitzero" usage:"its argument; without it the zero value"`
	Timeout time.Duration `json:"timeout,omitzero" usage:"seconds that it may take, beside what its pool says"`
}

// function is what the log tells of a call: the argument may be secret.
func (in callIn) function() string { return in.Name }

// callMethods are those that call functions by name.
func (d *Daemon) callMethods() []rpc.Method {
	return []rpc.Method{
		methods.Look("func.list", "The functions of workers, tasks and streams, which call, task.run and call.stream take by name.",
			func(context.Context, methods.None) ([]status.Func, error) {
				all := []status.Func{}
				for _, o := range d.declared.offers {
					all = append(all, status.Func{Name: o.name, Pool: o.p.name, Kind: o.kind, In: o.in.String(), Out: o.out.String()})
				}
				return all, nil
			}),
		methods.Telling(methods.Operate("call", "Calls a function in a worker, and returns its result.", d.callNamed), callIn.function),
		methods.Telling(rpc.Streamed("call.stream", "Calls a function whose result is a stream.", RoleOperate, d.streamNamed), callIn.function),
	}
}

func (d *Daemon) callNamed(ctx context.Context, in callIn) (any, error) {
	o, arg, err := d.offerNamed(in.Name, in.Arg)
	if err != nil {
		return nil, err
	}
	if o.stream != nil {
		return nil, methods.Wrong("name", "%s gives a stream: use call.stream", in.Name)
	}
	ctx, cancel := limited(ctx, in.Timeout)
	defer cancel()
	return o.call(ctx, arg)
}

func (d *Daemon) streamNamed(ctx context.Context, in callIn, send func(any) error) error {
	o, arg, err := d.offerNamed(in.Name, in.Arg)
	if err != nil {
		return err
	}
	if o.stream == nil {
		return methods.Wrong("name", "%s gives one result: use call", in.Name)
	}
	ctx, cancel := limited(ctx, in.Timeout)
	defer cancel()
	return o.stream(ctx, arg, send)
}

// limited is ctx with a timeout, if there is one.
func limited(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout > 0 {
		return context.WithTimeout(ctx, timeout)
	}
	return context.WithCancel(ctx)
}

// offerNamed finds a function and decodes its argument.
func (d *Daemon) offerNamed(name string, arg rawJSON) (*offered, any, error) {
	var found, full []*offered
	var names []string
	for i := range d.declared.offers {
		o := &d.declared.offers[i]
		if o.name == name {
			found = append(found, o)
		}
		if o.p.name+"."+o.name == name {
			full = append(full, o)
		}
		names = append(names, o.name)
	}
	if len(full) > 0 { // even if another function has all of it for a name
		found = full
	}
	switch len(found) {
	case 0:
		return nil, nil, methods.Wrong("name", "there is no function %q; there are: %s", name, strings.Join(names, ", "))
	case 1:
	default:
		var full []string
		for _, o := range found {
			full = append(full, o.p.name+"."+o.name)
		}
		return nil, nil, methods.Wrong("name", "several functions are called %q: write %s", name, strings.Join(full, " or "))
	}
	v := reflect.New(found[0].in)
	if len(arg) > 0 {
		if err := strictjson.Unmarshal(arg, v.Interface()); err != nil {
			return nil, nil, methods.Wrong("arg", "it must be of type %v: %v", found[0].in, err)
		}
	}
	return found[0], v.Elem().Interface(), nil
}

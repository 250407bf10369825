package methods

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/internal/taskruns"
	"github.com/legion-go/legion/status"
)

// rawJSON is a value that is decoded when its type is known.
type rawJSON = json.RawMessage

type callIn struct {
	Name    string        `json:"name" usage:"the name of a function, or pool.name if several have it"`
	Arg     rawJSON       `json:"arg,omitzero" usage:"its argument; without it the zero value"`
	Timeout time.Duration `json:"timeout,omitzero" usage:"seconds that it may take, besides its pool's own timeout"`
}

// function is all that the log tells of a call: the argument may be secret.
func (in callIn) function() string { return in.Name }

// callMethods call functions by name.
func (d caller) callMethods() []rpc.Method {
	return []rpc.Method{
		Look("func.list", "The functions of workers, tasks and streams, which call, task.run and call.stream take by name.",
			func(context.Context, None) ([]status.Func, error) {
				all := []status.Func{}
				for _, o := range d.Functions() {
					all = append(all, status.Func{Name: o.Name, Pool: o.Pool, Kind: o.Kind, In: o.In.String(), Out: o.Out.String()})
				}
				return all, nil
			}),
		Telling(Operate("call", "Calls a function in a worker, and returns its result.", d.callNamed), callIn.function),
		Telling(rpc.Streamed("call.stream", "Calls a function whose result is a stream.", rpc.Operate, d.streamNamed), callIn.function),
	}
}

func (d caller) callNamed(ctx context.Context, in callIn) (any, error) {
	o, arg, err := d.functionNamed(in.Name, in.Arg)
	if err != nil {
		return nil, err
	}
	if o.Stream != nil {
		return nil, Wrong("name", "%s gives a stream: use call.stream", in.Name)
	}
	ctx, cancel := limited(ctx, in.Timeout)
	defer cancel()
	return o.Call(ctx, arg)
}

func (d caller) streamNamed(ctx context.Context, in callIn, send func(any) error) error {
	o, arg, err := d.functionNamed(in.Name, in.Arg)
	if err != nil {
		return err
	}
	if o.Stream == nil {
		return Wrong("name", "%s gives one result: use call", in.Name)
	}
	ctx, cancel := limited(ctx, in.Timeout)
	defer cancel()
	return o.Stream(ctx, arg, send)
}

// limited is ctx with the timeout, if one is given.
func limited(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout > 0 {
		return context.WithTimeout(ctx, timeout)
	}
	return context.WithCancel(ctx)
}

// Function is a function that the control socket calls: by name, with JSON.
type Function struct {
	Name, Pool string
	Kind       string // worker, task or stream
	In, Out    reflect.Type
	Call       func(ctx context.Context, arg any) (any, error)  // not of a stream
	Begin      func(ctx context.Context, arg any) taskruns.Call // not of a stream
	Stream     func(ctx context.Context, arg any, send func(any) error) error

	Argument func([]byte) any // decodes an argument; nil if it cannot
	Result   func([]byte) any // the same for a result; not of a stream
}

// functionNamed finds a function and decodes its argument.
func (d caller) functionNamed(name string, arg rawJSON) (*Function, any, error) {
	var found, full []*Function
	var names []string
	all := d.Functions()
	for i := range all {
		o := &all[i]
		if o.Name == name {
			found = append(found, o)
		}
		if o.Pool+"."+o.Name == name {
			full = append(full, o)
		}
		names = append(names, o.Name)
	}
	if len(full) > 0 { // even if the whole text is the name of another function
		found = full
	}
	switch len(found) {
	case 0:
		return nil, nil, Wrong("name", "there is no function %q; there are: %s", name, strings.Join(names, ", "))
	case 1:
	default:
		var full []string
		for _, o := range found {
			full = append(full, o.Pool+"."+o.Name)
		}
		return nil, nil, Wrong("name", "several functions are called %q: write %s", name, strings.Join(full, " or "))
	}
	v := reflect.New(found[0].In)
	if len(arg) > 0 {
		if err := strictjson.Unmarshal(arg, v.Interface()); err != nil {
			return nil, nil, Wrong("arg", "it must be of type %v: %v", found[0].In, err)
		}
	}
	return found[0], v.Elem().Interface(), nil
}

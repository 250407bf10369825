package legion

import (
	"errors"

	"github.com/legion-go/legion/status"
)

// CallEnd describes the end of a call to a pool's hooks.
type CallEnd struct {
	status.CallInfo       // which call it was, where it ran, and when
	Out             any   // the result, of the function's result type; nil after an error, and for a stream
	Err             error // nil for a result

	// Arg is the argument, of the function's argument type: the hook's own copy. It
	// is nil if Pool.OnEnd is not set, and if the argument could not travel.
	Arg any
}

// hooked reports whether any hook is set.
func (p *declaredPool) hooked() bool {
	o := &p.opts
	return o.OnEnd != nil || o.OnReturn != nil || o.OnDied != nil || o.OnTimeout != nil
}

// hook calls the hooks for the end of a call, and reports whether it called
// any. claimed says that the call has a callback of its own. It runs on the
// loop.
func (p *declaredPool) hook(end CallEnd, claimed bool) (told bool) {
	if !claimed {
		if particular := p.hookFor(end.Err); particular != nil {
			defer func() { // after OnEnd, even if that panics
				particular(end)
			}()
			told = true
		}
	}
	if p.opts.OnEnd != nil {
		p.opts.OnEnd(end)
		told = true
	}
	return told
}

// hookFor returns the hook for calls that end with err and have no callback.
func (p *declaredPool) hookFor(err error) func(CallEnd) {
	var remote *RemoteError
	switch {
	case err == nil, errors.As(err, &remote):
		return p.opts.OnReturn
	case errors.Is(err, ErrTimeout):
		return p.opts.OnTimeout
	case errors.Is(err, ErrCrashed), errors.Is(err, ErrOutOfMemory):
		return p.opts.OnDied
	}
	return nil
}

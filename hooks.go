package legion

import "errors"

// hook tells the pool's own callbacks of the end of a call that has none.
func (p *declaration) hook(fn string, out any, err error) {
	end := CallEnd{Pool: p.name, Func: fn, Err: err}
	var remote *RemoteError
	var told func(CallEnd)
	switch {
	case err == nil:
		end.Out = out
		told = p.opts.OnReturn
	case errors.As(err, &remote):
		told = p.opts.OnReturn
	case errors.Is(err, ErrTimeout):
		told = p.opts.OnTimeout
	case errors.Is(err, ErrCrashed), errors.Is(err, ErrOutOfMemory):
		told = p.opts.OnDied
	}
	if told != nil {
		told(end)
	}
}

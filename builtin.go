package legion

import (
	"context"
	"fmt"

	"github.com/legion-go/legion/internal/rpc"
)

// builtInMethods returns the methods that each daemon has on its control socket.
// None of them waits for the daemon's loop, but those that say so.
func (d *Daemon) builtInMethods() (all []rpc.Method) {
	for _, group := range [][]rpc.Method{
		d.daemonMethods(), d.poolMethods(), d.workerMethods(), d.callMethods(), d.taskMethods(), d.cronMethods(),
		d.watchMethods(), d.partMethods(),
	} {
		all = append(all, group...)
	}
	return all
}

// none are the parameters of a method without any.
type none struct{}

// look is a method that only looks.
func look[In, Out any](name, help string, fn func(context.Context, In) (Out, error)) rpc.Method {
	return rpc.Typed(name, help, RoleRead, fn)
}

// operate is a method that steers.
func operate[In, Out any](name, help string, fn func(context.Context, In) (Out, error)) rpc.Method {
	return rpc.Typed(name, help, RoleOperate, fn)
}

// admin is a method that ends or replaces the daemon.
func admin[In, Out any](name, help string, fn func(context.Context, In) (Out, error)) rpc.Method {
	return rpc.Typed(name, help, RoleAdmin, fn)
}

// telling has the log tell of a method's parameters no more than what says: the
// rest may be secret.
func telling[In any](m rpc.Method, what func(In) string) rpc.Method {
	m.Secret, m.Tell = true, func(in any) string { return what(in.(In)) }
	return m
}

// wrong is an error about a parameter.
func wrong(parameter, format string, args ...any) error {
	return &rpc.Error{Code: rpc.CodeParams, Message: parameter + ": " + fmt.Sprintf(format, args...)}
}

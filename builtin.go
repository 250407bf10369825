package legion

import (
	"github.com/legion-go/legion/internal/methods"
	"github.com/legion-go/legion/internal/rpc"
)

// builtInMethods returns the methods that each daemon has on its control socket.
func (d *Daemon) builtInMethods() []rpc.Method {
	all := methods.Of(controlled{d})
	for _, group := range [][]rpc.Method{d.callMethods(), d.taskMethods(), d.watchMethods(), d.partMethods()} {
		all = append(all, group...)
	}
	return all
}

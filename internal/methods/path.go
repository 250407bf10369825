package methods

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/plugin"
	"github.com/legion-go/legion/status"
)

type pathIn struct {
	Path   string  `json:"path" usage:"the path of a plugin, such as /metrics"`
	Accept *string `json:"accept" usage:"which media types the caller reads, as HTTP's field Accept; without it any"`
}

// pathMethods are the methods about the HTTP paths of plugins.
func (d caller) pathMethods() []rpc.Method {
	return []rpc.Method{
		Look("path.get", "What a plugin answers to a GET of one of its HTTP paths, as text.", d.pathGet),
	}
}

func (d caller) pathGet(ctx context.Context, in pathIn) (status.Page, error) {
	all, none := d.Plugins().Paths(), status.Page{}
	i := slices.IndexFunc(all, func(p plugin.Path) bool {
		return p.Path == in.Path && (len(p.Methods) == 0 || slices.Contains(p.Methods, "GET"))
	})
	if i < 0 {
		return none, Wrong("path", "no plugin serves %q", in.Path)
	}
	if need, has := cmp.Or(all[i].Role, rpc.Read), rpc.CallerOf(ctx).Role; has < need {
		return none, &rpc.Error{Code: rpc.CodeRole, Message: "not allowed: " + in.Path + " needs the role " + need.String() + ", yours is " + has.String()}
	}
	answer := all[i].Serve(ctx, &plugin.Request{Method: "GET", Path: in.Path, Query: url.Values{}, Methods: noMethods{}, Field: func(name string) string {
		if in.Accept != nil && strings.EqualFold(name, "accept") {
			return *in.Accept
		}
		return ""
	}})
	if answer.Stream != nil {
		return none, &rpc.Error{Code: rpc.CodeApplication, Message: "the answer comes piece by piece: ask for it over HTTP"}
	}
	if !utf8.Valid(answer.Body) {
		return none, &rpc.Error{Code: rpc.CodeApplication, Message: "the answer is not text: ask for it over HTTP"}
	}
	return status.Page{Status: cmp.Or(answer.Status, 200), Type: answer.Type, Body: string(answer.Body)}, nil
}

// noMethods refuses to call a method from within this one.
type noMethods struct{}

var errNoMethods = &rpc.Error{Code: rpc.CodeRequest, Message: "this path calls methods: ask for it over HTTP"}

func (noMethods) Lower(rpc.Role, string) plugin.Methods { return noMethods{} }

func (noMethods) Call(context.Context, []byte) []byte {
	return rpc.JSONError(errNoMethods.Code, errNoMethods.Message)
}

func (noMethods) Follow(context.Context, string, []byte, func([]byte) error) error {
	return errNoMethods
}

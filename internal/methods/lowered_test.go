package methods

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

// A session that has lowered itself tries every method there is: none that
// needs more than is left runs, not even with a token.
func TestLoweredSessionTriesEverything(t *testing.T) {
	for _, left := range []rpc.Role{rpc.Read, rpc.Operate} {
		f := newFake()
		var refused []string
		r := rpc.New(rpc.Options{
			Authenticate: func(string) (rpc.Caller, bool) { return rpc.Caller{Name: "token", Role: rpc.Admin}, true },
			Audit: func(rec rpc.Record) {
				if rec.Refused {
					refused = append(refused, rec.Method)
				}
			},
		})
		above := []string{}
		for _, m := range of(f) {
			if err := r.Add(m); err != nil {
				t.Fatal(err)
			}
			if m.Role > left {
				above = append(above, m.Name)
			}
		}
		s := r.NewSession(rpc.WithCaller(t.Context(), rpc.Caller{Name: "root", Role: rpc.Admin}), func([]byte) error { return nil })
		ask := func(method, params string) (answer struct {
			Result json.RawMessage
			Error  *struct{ Code int }
		}) {
			line := s.Handle(fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`, method, params))
			if line != nil && json.Unmarshal(line, &answer) != nil {
				t.Fatalf("%s", line)
			}
			return answer
		}
		ask("rpc.lower", fmt.Sprintf(`{"role":%q,"as":"ana"}`, left))
		ask("rpc.auth", `["secret"]`)
		var names []string
		if err := json.Unmarshal(ask("system.listMethods", `{}`).Result, &names); err != nil || len(names) < len(above) {
			t.Fatal(err, names)
		}
		for _, name := range names {
			if !slices.Contains(above, name) {
				continue // what is left may do that
			}
			if a := ask(name, `{"pool":"resize","pid":11,"name":"double","spec":"x","signal":"HUP"}`); a.Error == nil || a.Error.Code != rpc.CodeRole {
				t.Errorf("%v: %s ran: %s", left, name, a.Result)
			}
		}
		s.Close()
		slices.Sort(refused)
		slices.Sort(above)
		if !slices.Equal(refused, above) || len(above) < 5 {
			t.Errorf("%v: refused %v\nof %v", left, refused, above)
		}
		if len(f.did) > 0 {
			t.Errorf("%v: the daemon did %v", left, f.did)
		}
	}
}

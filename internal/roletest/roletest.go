// Package roletest checks, for tests, that a way to the methods of a daemon
// gives its client what the role read may do, and nothing else.
package roletest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
)

// Declare declares something of everything, and a method for each role. called
// gets the name of each of these that is called.
func Declare(d *legion.Daemon) (called <-chan string) {
	legion.Worker(d, "echo", func(_ context.Context, s string) (string, error) { return s, nil }, legion.Pool{Min: 1, Max: 1})
	legion.Task(d, "sum", func(context.Context, int) (int, error) { return 42, nil }, legion.TaskOptions{})
	done := make(chan string, 10)
	for name, role := range map[string]legion.Role{"own.look": legion.RoleRead, "own.steer": legion.RoleOperate, "own.end": legion.RoleAdmin} {
		legion.Method(d, name, "Says that it was called.", func(context.Context, struct{}) (bool, error) { done <- name; return true, nil }, legion.Allow(role))
	}
	return done
}

// ReadTriesEverything asks for every method of the daemon, with parameters that
// none has. call passes a request of JSON-RPC on the way to be checked, and
// returns the answer. admin is a client who may do everything.
func ReadTriesEverything(t *testing.T, admin *client.Client, called <-chan string, call func(request string) (answer string)) {
	t.Helper()
	var methods []string
	if err := admin.Call(t.Context(), "system.listMethods", nil, &methods); err != nil || len(methods) < 60 {
		t.Fatalf("%d methods, %v", len(methods), err)
	}
	var described struct {
		Methods []struct {
			Name string      `json:"name"`
			Role legion.Role `json:"x-role"`
		} `json:"methods"`
	}
	if err := admin.Call(t.Context(), "rpc.discover", nil, &described); err != nil {
		t.Fatal(err)
	}
	needs := map[string]legion.Role{}
	for _, m := range described.Methods {
		needs[m.Name] = m.Role
	}
	steering := 0
	for _, method := range methods {
		var answer struct{ Error *struct{ Code int } }
		if err := json.Unmarshal([]byte(call(fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":{"x":"y"}}`, method))), &answer); err != nil {
			t.Fatal(method, err)
		}
		role, known := needs[method]
		refused := answer.Error != nil && answer.Error.Code == client.CodeNotAllowed
		if role > legion.RoleRead {
			steering++
		}
		if !known || refused != (role > legion.RoleRead) {
			t.Errorf("%s, which needs the role %v: refused %v", method, role, refused)
		}
	}
	if steering < 25 {
		t.Errorf("only %d methods need more than the role read", steering)
	}
	if n := len(called); n != 0 {
		t.Errorf("%d methods of the program were called with parameters that they do not have", n)
	}
	var status struct {
		State string `json:"state"`
	}
	if err := admin.Call(t.Context(), "daemon.status", nil, &status); err != nil || status.State != "running" {
		t.Errorf("the daemon is %q, %v", status.State, err)
	}
}

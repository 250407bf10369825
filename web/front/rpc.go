package front

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/legion-go/legion/client"
)

// asked is a request of JSON-RPC 2.0.
type asked struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

// answered is the answer to it.
type answered struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *fault          `json:"error,omitempty"`
}

type fault struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// rpc is POST rpc.
func (f *front) rpc(w http.ResponseWriter, r *http.Request) error {
	s, err := f.enter(r)
	if err != nil {
		return err
	}
	defer f.sessions.leave(s)
	body, err := read(w, r)
	if err != nil {
		return err
	}
	request, err := parse(body)
	if err != nil {
		return err
	}
	a := answered{Version: "2.0", ID: request.ID}
	a.Result, err = s.pass(r, request)
	if e, said := errors.AsType[*client.Error](err); said {
		a.Error, err = &fault{e.Code, e.Message, e.Data}, nil
	}
	if err != nil {
		return err
	}
	return reply(w, a)
}

// parse reads a single request, which must want an answer.
func parse(body []byte) (asked, error) {
	var request asked
	if err := decode(body, &request); err != nil {
		return request, refuse(http.StatusBadRequest, "the body must be one request of JSON-RPC 2.0: %v", err)
	}
	params := bytes.TrimSpace(request.Params)
	switch {
	case request.Version != "2.0" || request.Method == "" || len(request.ID) == 0 || string(request.ID) == "null":
		return request, refuse(http.StatusBadRequest, `the body must be one request of JSON-RPC 2.0, with "jsonrpc", "id" and "method"`)
	case len(params) > 0 && params[0] != '{' && params[0] != '[' && string(params) != "null":
		return request, refuse(http.StatusBadRequest, "params must be an object or an array")
	}
	return request, nil
}

// pass has the daemon answer a request. Methods that change the connection are
// refused, since the connection is the front's, and so are lists of calls.
func (s *session) pass(r *http.Request, request asked) (json.RawMessage, error) {
	switch request.Method {
	case "rpc.auth", "rpc.lower", "rpc.cancel":
		return nil, &client.Error{Code: client.CodeMethod, Message: request.Method + " is for the front's own connection: begin another session instead"}
	case "system.multicall": // could have these in it, and streams that nobody reads
		return nil, &client.Error{Code: client.CodeMethod, Message: "system.multicall is not for the front: send its calls one by one"}
	}
	var params any
	if len(request.Params) > 0 {
		params = request.Params
	}
	return s.call(r.Context(), request.Method, params)
}
